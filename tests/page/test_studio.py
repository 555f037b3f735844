"""Scenes, formats, pausing and coming back, as the page's Python does them, on the desk."""

import asyncio
import io

import numpy as np
import pytest
from PIL import Image

from hearth.errors import BadInput
from hearth.page.cutout import keeping
from hearth.page.cutout.editing import Editing
from hearth.tools.cutout.edits import TILE
from tests.page.desk import Desk, png
from tests.page.test_queue import play

pytestmark = pytest.mark.desk


def opened(desk: Desk, number: int) -> Image.Image:
    image = Image.open(io.BytesIO(desk.bridge.cutouts[number][1]))
    image.load()
    return image


async def ask_for(desk: Desk, number: int) -> dict[str, object]:
    """Presses the button; waits for the file."""
    desk.tell("export", id=number)
    async with asyncio.timeout(120):
        while desk.photo(number)["writing"]:
            await asyncio.sleep(0.001)
    return desk.photo(number)


def test_a_scene_is_in_the_file_and_undone_with_it() -> None:
    async def scene(desk: Desk) -> None:
        desk.add((1, "a.jpg", png()))
        await desk.until(1, "done")
        look = {
            "scene": {"background": {"kind": "colour", "colour": "#0000ff"}, "frame": {"size": "80x80"}},
            "output": {"format": "jpeg", "quality": 95},
        }
        desk.tell("look", id=1, look=look)
        assert not desk.photo(1)["fresh"]
        photo = await ask_for(desk, 1)
        assert (photo["file_name"], desk.bridge.kinds[1]) == ("a-cutout.jpg", "image/jpeg")
        assert (photo["file_width"], photo["file_height"]) == (80, 80)
        assert "Enlarged 2 times" in str(photo["file_note"])
        image = opened(desk, 1)
        assert image.size == (80, 80)
        assert np.abs(np.asarray(image)[3, 40].astype(int) - [0, 0, 255]).max() < 4
        desk.tell("undo", id=1)
        await ask_for(desk, 1)
        assert desk.photo(1)["file_name"] == "a-cutout.png" and opened(desk, 1).mode == "RGBA"

    play(scene)


def test_a_picture_of_ones_own_stands_behind_and_a_bad_one_is_told() -> None:
    async def scene(desk: Desk) -> None:
        red = io.BytesIO()
        Image.new("RGB", (30, 20), "red").save(red, "png")
        desk.bridge.own = {"7": red.getvalue(), "8": b"%PDF"}
        desk.add((1, "a.png", png()))
        await desk.until(1, "done")
        desk.tell("look", id=1, look={"scene": {"background": {"kind": "picture", "picture": "7"}}})
        await ask_for(desk, 1)
        assert np.asarray(opened(desk, 1))[0, 0].tolist() == [255, 0, 0, 255]
        desk.tell("look", id=1, look={"scene": {"background": {"kind": "picture", "picture": "8"}}})
        assert "PDF" in str((await ask_for(desk, 1))["text"])
        assert desk.photo(1)["state"] == "done", "the earlier file is still there"

    play(scene)


def test_the_browser_writes_what_python_cannot() -> None:
    async def scene(desk: Desk) -> None:
        desk.add((1, "a.png", png()))
        await desk.until(1, "done")
        desk.tell("look", id=1, look={"output": {"format": "avif", "show": "mask"}})
        await ask_for(desk, 1)
        assert desk.bridge.cutouts[1][0] == "a-mask.avif"
        assert opened(desk, 1).size == (40, 30)

    play(scene)


def test_a_paused_queue_ends_what_it_began_and_waits() -> None:
    async def scene(desk: Desk) -> None:
        desk.bridge.held = asyncio.Event()
        desk.add((1, "a.png", png()), (2, "b.png", png()))
        await desk.until(1, "working")
        desk.tell("pause", on=True)
        desk.bridge.held.set()
        await desk.until(1, "done")
        await asyncio.sleep(0.05)
        assert desk.photo(2)["state"] == "waiting" and desk.bridge.views[-1]["paused"]
        desk.tell("pause", on=False)
        await desk.until(2, "done")

    play(scene)


def test_settings_for_chosen_photos_reach_those_alone() -> None:
    async def scene(desk: Desk) -> None:
        desk.add(*((n, f"{n}.png", png()) for n in (1, 2, 3)))
        await desk.until(3, "done")
        desk.tell("look", id=1, look={"output": {"format": "webp"}})
        desk.tell("look-all", id=1, ids=[1, 3])
        formats = [desk.photo(n)["look"]["output"]["format"] for n in (1, 2, 3)]
        assert formats == ["webp", "png", "webp"]

    play(scene)


def test_a_page_opened_again_has_its_photos_edits_and_history() -> None:
    tile = np.zeros((TILE, TILE, 2), np.uint8)  # erased

    async def before(desk: Desk) -> None:
        desk.add((1, "a.png", png()), (2, "b.png", png()))
        await desk.until(2, "done")
        desk.tell("look", id=1, look={"mask": {"shift": 3}})
        desk.bridge.brush = tile.tobytes()
        desk.tell("stroke", id=1, tool="erase", tiles=[[0, 0]])
        await ask_for(desk, 1)
        async with asyncio.timeout(120):
            while not desk.bridge.histories:
                await asyncio.sleep(0.001)
        assert list(desk.bridge.histories) == [1], "what nobody touched needs no history"

    first = play(before)
    views = {photo["id"]: photo for photo in first.views[-1]["photos"]}

    async def after(desk: Desk) -> None:
        desk.bridge.files, desk.bridge.histories = first.files, first.histories
        photos = [{"id": 1, "name": "a.png", "view": views[1], "kept": True}]
        photos += [{"id": 2, "name": "b.png", "view": {**views[2], "state": "working", "model": ""}}]
        desk.page.receive({"type": "add", "photos": photos})
        assert desk.photo(1)["state"] == "done" and desk.photo(1)["fresh"], "its file is there still"
        assert desk.photo(1)["look"]["mask"]["shift"] == 3
        await desk.until(2, "done")
        await asyncio.sleep(1.8)
        assert list(desk.bridge.cutouts) == [2], "nothing is done twice, nor written when there is time"
        for expected in ("Undo", "Undo"):
            assert desk.photo(1)["undo"], expected
            desk.tell("undo", id=1)
        assert not desk.photo(1)["touched"] and not desk.photo(1)["undo"]
        desk.tell("redo", id=1)
        desk.tell("redo", id=1)
        await ask_for(desk, 1)
        assert np.asarray(opened(desk, 1))[:, :, 3].max() == 0, "erased as before"

    play(after)


def test_a_damaged_history_is_refused_whole() -> None:
    whole = keeping.pack(Editing())
    assert keeping.unpack(whole).state == Editing().state
    for data in (b"", whole[:-1], whole + b"x", whole.replace(b'"version":1', b'"version":9'), b"\xff" * 40):
        with pytest.raises(BadInput):
            keeping.unpack(data)
