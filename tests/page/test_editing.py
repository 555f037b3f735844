"""What the page's Python does with settings, brush strokes and their history, on the desk."""

import asyncio
import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from hearth.page.cutout import mattes, page
from hearth.tools.cutout.edits import TILE, Place, unpack
from hearth.tools.cutout.screen import on_screen
from hearth.words import english
from tests.page.desk import Desk, DeskBridge, png, whole
from tests.page.test_queue import play
from tests.tools.cutout.pictures import wide_profile

pytestmark = pytest.mark.desk


def alpha_of(bridge: DeskBridge, number: int = 1) -> NDArray[np.uint8]:
    """The alpha of the file that was delivered last."""
    with Image.open(io.BytesIO(bridge.cutouts[number][-1])) as image:
        return np.asarray(image)[:, :, 3].copy()


async def done(desk: Desk, *, width: int = 40, height: int = 30) -> None:
    desk.add((1, "a.png", png(width, height)))
    await desk.until(1, "done")
    desk.tell("open", id=1, side=4096, pixels=1e8)
    await until(lambda: 1 in desk.bridge.canvas)


async def until(condition) -> None:  # type: ignore[no-untyped-def]
    async with asyncio.timeout(120):
        while not condition():
            await asyncio.sleep(0.001)


async def written(desk: Desk) -> NDArray[np.uint8]:
    """The alpha of the file as it is when it is asked for now."""
    desk.tell("export", id=1)
    await until(lambda: desk.photo(1)["fresh"] and not desk.photo(1)["writing"])
    return alpha_of(desk.bridge)


def look(**mask: object) -> dict[str, object]:
    return {"mask": mask}


def paint(desk: Desk, place: tuple[int, int], low: int, high: int, tool: str = "erase") -> None:
    tile = np.empty((TILE, TILE, 2), np.uint8)
    tile[:] = low, high
    desk.bridge.brush = tile.tobytes()
    desk.tell("stroke", id=1, tool=tool, tiles=[list(place)])


def test_a_canvas_is_given_the_layers_of_the_matte() -> None:
    async def scene(desk: Desk) -> None:
        await done(desk)
        layers, sizes = desk.bridge.canvas[1], desk.bridge.canvas_sizes[1]
        assert (sizes["width"], sizes["height"], sizes["full"]) == (40, 30, [40, 30])
        assert (layers["found"] == alpha_of(desk.bridge)).all()
        with Image.open(io.BytesIO(png())) as image:
            assert (layers["photo"][:, :, :3] == np.asarray(image.convert("RGB"))).all()
        width, height = sizes["small"]
        assert layers["subject"].shape == layers["background"].shape == (height, width, 4)
        assert "base" not in layers
        desk.tell("look", id=1, look=look(source="raw"), gesture=0, serial=1)
        await until(lambda: "base" in layers)
        assert (layers["base"] == (await desk.page.mattes.get(1)).plain_alpha()).all()

    play(scene)


def test_a_part_of_the_photo_is_given_with_all_its_pixels() -> None:
    async def scene(desk: Desk) -> None:
        await done(desk)
        desk.tell("near", id=1, left=5, top=3, right=25, bottom=13)
        desk.tell("near", id=1, left=4, top=2, right=24, bottom=12)  # the last one counts
        await until(lambda: 1 in desk.bridge.parts)
        part = desk.bridge.parts[1]
        assert part.sizes == {"left": 4, "top": 2, "width": 20, "height": 10}
        assert (whole(part.data["found"]) == alpha_of(desk.bridge)[2:12, 4:24]).all()
        with Image.open(io.BytesIO(png())) as image:
            assert (whole(part.data["photo"])[:, :, :3] == np.asarray(image.convert("RGB"))[2:12, 4:24]).all()

    play(scene)


def test_a_photo_of_wide_colours_is_painted_on_in_those_of_the_screen() -> None:
    async def scene(desk: Desk) -> None:
        out = io.BytesIO()
        with Image.open(io.BytesIO(png())) as image:
            pixels = np.array(image.convert("RGB"))
        pixels[:, :10] = 200, 30, 60
        Image.fromarray(pixels).save(out, "png", icc_profile=wide_profile())
        desk.add((1, "wide.png", out.getvalue()))
        await desk.until(1, "done")
        desk.tell("open", id=1, side=4096, pixels=1e8)
        await until(lambda: 1 in desk.bridge.canvas)
        shown = desk.bridge.canvas[1]["photo"][:, :, :3]
        assert (shown == np.asarray(on_screen(Image.fromarray(pixels), wide_profile()))).all()
        assert (shown[5, 5] != pixels[5, 5]).any()

    play(scene)


def test_settings_change_the_file_are_held_within_limits_and_the_network_does_not_run_again() -> None:
    async def scene(desk: Desk) -> None:
        await done(desk)
        before = alpha_of(desk.bridge)
        desk.bridge.offline, desk.page.tool._pipeline = True, None
        desk.tell("look", id=1, look=look(shift=1000, threshold="x"), gesture=0, serial=7)
        photo = desk.photo(1)
        assert (photo["look"]["mask"]["shift"], photo["look"]["mask"]["threshold"]) == (40, 0.5)
        assert (photo["serial"], photo["touched"], photo["fresh"]) == (7, True, False)
        assert english(photo["undo"]) == "edge shift"
        grown = await written(desk)
        assert (grown >= before).all() and (grown == 255).all()
        desk.tell("undo", id=1)
        assert not desk.photo(1)["touched"]
        assert (await written(desk) == before).all()

    play(scene)


def test_one_gesture_is_one_step_and_steps_go_back_and_forth() -> None:
    async def scene(desk: Desk) -> None:
        await done(desk)
        for feather in (1, 2, 3):
            desk.tell("look", id=1, look=look(feather=feather), gesture=5, serial=feather)
        desk.tell("look", id=1, look=look(feather=3, contrast=0.5), gesture=6, serial=9)
        desk.tell("undo", id=1)
        assert desk.photo(1)["look"]["mask"]["feather"] == 3
        assert english(desk.bridge.views[-1]["announcement"]) == "Undone: contrast. 1 more can be undone."
        desk.tell("undo", id=1)
        assert desk.photo(1)["look"]["mask"]["feather"] == 0
        assert (desk.photo(1)["undo"], english(desk.photo(1)["redo"])) == ("", "feather")
        desk.tell("undo", id=1)
        desk.tell("redo", id=1)
        desk.tell("redo", id=1)
        assert desk.photo(1)["look"]["mask"] | {"feather": 3, "contrast": 0.5} == desk.photo(1)["look"]["mask"]
        desk.tell("undo", id=1)
        paint(desk, (0, 0), 0, 0)
        assert desk.photo(1)["redo"] == "", "what is done anew ends what was undone"

    play(scene)


def test_strokes_are_in_the_file_and_come_back_as_tiles_when_they_are_undone() -> None:
    async def scene(desk: Desk) -> None:
        await done(desk, width=300, height=40)
        before = alpha_of(desk.bridge)
        paint(desk, (1, 0), 255, 255, "restore")
        paint(desk, (0, 0), 0, 0)
        desk.tell("look", id=1, look=look(feather=4), gesture=0, serial=1)
        alpha = await written(desk)
        assert (alpha[:, :TILE] == 0).all() and (alpha[:, TILE:] == 255).all(), "strokes have the last word"
        desk.tell("undo", id=1)
        desk.tell("undo", id=1)
        assert {place: unpack(tile)[0, 0].tolist() for place, tile in desk.bridge.strokes[1].items()} == {
            Place(0, 0): [0, 255]
        }
        alpha = await written(desk)
        assert (alpha[:, :TILE] == before[:, :TILE]).all() and (alpha[:, TILE:] == 255).all()
        desk.tell("reset", id=1)
        assert (await written(desk) == before).all()
        desk.tell("undo", id=1)
        assert (await written(desk) == alpha).all(), "a reset can be undone"

    play(scene)


def test_a_canvas_too_small_for_the_photo_gets_it_reduced_and_strokes_reach_the_whole_file() -> None:
    async def scene(desk: Desk) -> None:
        desk.add((1, "a.png", png(300, 200)))
        await desk.until(1, "done")
        desk.tell("open", id=1, side=160, pixels=1e8)
        await until(lambda: 1 in desk.bridge.canvas)
        sizes = desk.bridge.canvas_sizes[1]
        assert (sizes["width"], sizes["height"], sizes["full"]) == (150, 100, [300, 200])
        desk.bridge.brush = np.full((TILE, TILE), 255, np.uint8).tobytes()
        way = {"part": 2, "dabs": [[100, 100, 400]], "hardness": 1, "smart": True}
        desk.tell("stroke", id=1, tool="restore", tiles=[[0, 0]], way=way)
        assert desk.page.editor.of(1).edits.size == (300, 200)
        assert (await written(desk) == 255).all()
        desk.tell("undo", id=1)
        assert {place: unpack(tile)[0, 0].tolist() for place, tile in desk.bridge.strokes[1].items()} == {
            Place(0, 0): [0, 255]
        }

    play(scene)


def test_a_file_out_of_date_is_written_again_while_nothing_else_is_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "IDLE", 0.01)

    async def scene(desk: Desk) -> None:
        await done(desk)
        paint(desk, (0, 0), 0, 0)
        await until(lambda: desk.photo(1)["fresh"])
        assert (alpha_of(desk.bridge) == 0).all()
        assert [kind for _, kind, *_ in desk.bridge.pictures] == ["before", "after", "after"]

    play(scene)


def test_settings_for_all_photos_hold_for_those_that_wait_too() -> None:
    async def scene(desk: Desk) -> None:
        await done(desk)
        desk.bridge.held = asyncio.Event()
        desk.page.tool._pipeline = None
        desk.add((2, "b.png", png()))
        await desk.until(2, "working")
        desk.tell("look", id=1, look=look(shift=40), gesture=0, serial=1)
        desk.tell("look-all", id=1)
        desk.bridge.held.set()
        await desk.until(2, "done")
        await until(lambda: desk.photo(2)["fresh"])
        assert (alpha_of(desk.bridge, 2) == 255).all()

    play(scene)


def test_photos_long_past_have_their_network_run_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mattes, "KEPT_BYTES", 0)
    monkeypatch.setattr(mattes, "SMALL_BYTES", 0)

    async def scene(desk: Desk) -> None:
        await done(desk)
        before = alpha_of(desk.bridge)
        desk.add((2, "b.png", png()))
        await desk.until(2, "done")
        assert not desk.page.mattes._small
        desk.tell("open", id=1, side=4096, pixels=1e8)
        await until(lambda: 1 in desk.bridge.canvas)
        assert (desk.bridge.canvas[1]["found"] == before).all()

    play(scene)


def test_earlier_photos_are_kept_small_and_edited_without_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mattes, "KEPT_BYTES", 0)

    async def scene(desk: Desk) -> None:
        await done(desk)
        before = alpha_of(desk.bridge)
        desk.add((2, "b.png", png()))
        await desk.until(2, "done")
        desk.bridge.offline, desk.page.tool._pipeline = True, None
        desk.bridge.canvas.clear()
        desk.tell("open", id=1, side=4096, pixels=1e8)
        await until(lambda: 1 in desk.bridge.canvas)
        assert (desk.bridge.canvas[1]["found"] == before).all()
        paint(desk, (0, 0), 0, 0)
        assert (await written(desk) == 0).all()
        desk.tell("open", id=2, side=4096, pixels=1e8)
        await until(lambda: 2 in desk.bridge.canvas)
        desk.bridge.files[1] = b"not a photo any more"
        desk.tell("undo", id=1)
        desk.tell("export", id=1)
        await until(lambda: "could not be written" in english(desk.photo(1)["text"]))
        assert desk.photo(1)["state"] == "done", "the file made before is still there"

    play(scene)


def test_a_look_that_makes_no_sense_is_told_and_changes_nothing() -> None:
    async def scene(desk: Desk) -> None:
        await done(desk)
        desk.tell("look", id=1, look={"scene": {"background": {"kind": "lava"}}}, gesture=0, serial=1)
        assert "lava" in english(desk.bridge.views[-1]["announcement"])
        assert not desk.photo(1)["touched"]

    play(scene)
