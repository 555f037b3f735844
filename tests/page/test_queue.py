"""What the page's Python does with photos, models and messages, on the desk."""

import asyncio
import io
from collections.abc import Awaitable, Callable
from typing import NoReturn

import numpy as np
import pytest
from PIL import Image

from hearth.errors import DownloadFailed
from hearth.words import say
from tests.page.desk import Desk, DeskBridge, png

pytestmark = pytest.mark.desk


def play(scene: Callable[[Desk], Awaitable[None]]) -> DeskBridge:
    """Plays a scene on a page that runs; returns what the page told its bridge."""

    async def run() -> DeskBridge:
        async with Desk() as desk:
            await scene(desk)
            return desk.bridge

    return asyncio.run(run())


def stages_seen(bridge: DeskBridge, number: int) -> list[str]:
    """The sentences that a photo went through, each once."""
    texts = [photo["text"] for view in bridge.views for photo in view["photos"] if photo["id"] == number]
    return list(dict.fromkeys(texts))


def test_a_photo_becomes_a_file_named_after_it_with_previews_before_the_file() -> None:
    async def scene(desk: Desk) -> None:
        desk.add((1, "holiday.jpeg", png()))
        await desk.until(1, "done")

    bridge = play(scene)
    name, data = bridge.cutouts[1]
    assert name == "holiday-cutout.png"
    image = Image.open(io.BytesIO(data))
    assert (image.size, image.mode) == ((40, 30), "RGBA")
    alpha = np.asarray(image)[:, :, 3]
    assert alpha[15, 20] > 250 and alpha[0, 0] < 5
    assert [kind for _, kind, *_ in bridge.pictures] == ["before", "after"]
    _, _, width, height, rgba = bridge.pictures[1]
    assert np.abs(np.frombuffer(rgba, np.uint8).reshape(height, width, 4)[:, :, 3].astype(int) - alpha).max() == 0


def test_a_name_is_shown_and_said_without_the_signs_that_turn_text_around() -> None:
    async def scene(desk: Desk) -> None:
        desk.add((1, "cat\u202egpj.png", png()))
        assert (await desk.until(1, "done"))["name"] == "catgpj.png"

    bridge = play(scene)
    assert bridge.cutouts[1][0] == "catgpj-cutout.png"
    assert bridge.views[-1]["announcement"] == str(say("said.done", name="catgpj.png"))


def test_a_removed_photo_is_said_to_be_gone_and_not_that_it_stopped() -> None:
    async def scene(desk: Desk) -> None:
        desk.bridge.held = asyncio.Event()
        desk.add((1, "a.png", png()))
        await desk.until(1, "working")
        desk.tell("remove", id=1)
        await asyncio.sleep(0.05)

    assert play(scene).views[-1]["announcement"] == str(say("said.removed", name="a.png"))


def test_every_stage_is_shown_in_order_and_runs_to_its_end() -> None:
    async def scene(desk: Desk) -> None:
        desk.add((1, "a.png", png()))
        await desk.until(1, "done")

    bridge = play(scene)
    told = [str(say("stage." + name)) for name in ("read", "prepare", "predict", "refine", "colours", "write")]
    titles = [text.split("…")[0].split(":")[0] for text in stages_seen(bridge, 1)[1:-1]]
    assert list(dict.fromkeys(titles)) == told
    for earlier, later in zip(bridge.views, bridge.views[1:], strict=False):
        before, after = (view["photos"][0]["stages"] if view["photos"] else [] for view in (earlier, later))
        for old, new in zip(before, after, strict=False):
            assert new["fraction"] >= old["fraction"]


def test_photos_are_taken_one_after_the_other_in_their_order() -> None:
    async def scene(desk: Desk) -> None:
        desk.add((1, "a.png", png()), (2, "b.png", png()))
        desk.add((3, "c.png", png()))
        await desk.until(3, "done")

    bridge = play(scene)
    assert list(bridge.cutouts) == [1, 2, 3]
    assert all(sum(photo["state"] == "working" for photo in view["photos"]) <= 1 for view in bridge.views)
    assert bridge.asked == ["quick"], "the model is made ready once"


def test_a_file_that_is_no_photo_says_so_and_the_next_one_goes_on() -> None:
    async def scene(desk: Desk) -> None:
        desk.add((1, "letter.pdf", b"%PDF-1.7 ..."), (2, "cut.png", png()[:60]), (3, "b.png", png()))
        await desk.until(3, "done")
        assert "PDF" in desk.photo(1)["text"]
        assert desk.photo(1)["state"] == desk.photo(2)["state"] == "failed"
        assert "damaged" in desk.photo(2)["text"]

    assert list(play(scene).cutouts) == [3]


def test_a_bug_in_one_photo_does_not_stop_the_queue(capsys: pytest.CaptureFixture[str]) -> None:
    async def scene(desk: Desk) -> None:
        desk.add((1, "gone.png", b"x"), (2, "b.png", png()))
        del desk.bridge.files[1]
        await desk.until(2, "done")
        assert "KeyError" in desk.photo(1)["text"]

    play(scene)
    assert "KeyError" in capsys.readouterr().err


def test_a_model_whose_file_is_gone_is_opened_anew_by_the_next_try(monkeypatch: pytest.MonkeyPatch) -> None:
    async def gone(*_: object, **__: object) -> NoReturn:
        raise DownloadFailed(say("models.failed", reason="it is no more"))

    async def scene(desk: Desk) -> None:
        desk.add((1, "a.png", png()))
        await desk.until(1, "done")
        monkeypatch.setattr(desk.page.tool._session, "run_async", gone)
        desk.add((2, "b.png", png()))
        assert "it is no more" in (await desk.until(2, "failed"))["text"]
        desk.tell("retry", id=2)
        await desk.until(2, "done")

    assert play(scene).asked == ["quick", "quick"]


def test_an_empty_scene_is_told_and_gives_no_file() -> None:
    async def scene(desk: Desk) -> None:
        out = io.BytesIO()
        Image.new("RGB", (50, 50), (90, 90, 90)).save(out, "png")
        desk.add((1, "grey.png", out.getvalue()))
        assert "subject" in (await desk.until(1, "failed"))["text"]

    assert not play(scene).cutouts


def test_a_photo_that_waits_is_stopped_at_once() -> None:
    async def scene(desk: Desk) -> None:
        desk.bridge.held = asyncio.Event()
        desk.add((1, "a.png", png()), (2, "b.png", png()))
        await desk.until(1, "working")
        desk.tell("stop", id=2)
        assert desk.photo(2)["state"] == "stopped"
        desk.bridge.held.set()
        await desk.until(1, "done")

    assert list(play(scene).cutouts) == [1]


def test_stopping_while_the_model_comes_ends_its_download() -> None:
    async def scene(desk: Desk) -> None:
        desk.bridge.held = asyncio.Event()
        desk.add((1, "a.png", png()))
        while len(desk.photo(1)["stages"]) < 7:
            await asyncio.sleep(0.001)
        desk.tell("stop", id=1)
        assert (await desk.until(1, "stopped"))["text"] == str(say("photo.stopped"))

    bridge = play(scene)
    assert bridge.dropped == ["quick"]
    assert not bridge.cutouts


def test_stopping_by_the_flag_works_while_no_message_can_come_in() -> None:
    async def scene(desk: Desk) -> None:
        def ask(view: dict[str, object]) -> None:
            if str(say("stage.predict")) in str(view):
                desk.bridge.stopping = 1

        desk.bridge.on_show = ask
        desk.add((1, "a.png", png()), (2, "b.png", png()))
        await desk.until(1, "stopped")
        await desk.until(2, "done")

    assert list(play(scene).cutouts) == [2]


def test_a_photo_that_was_stopped_or_failed_can_be_tried_again() -> None:
    async def scene(desk: Desk) -> None:
        desk.bridge.offline = True
        desk.add((1, "a.png", png()))
        assert "the connection broke" in (await desk.until(1, "failed"))["text"]
        desk.bridge.offline = False
        desk.tell("retry", id=1)
        await desk.until(1, "done")

    assert list(play(scene).cutouts) == [1]


def test_removing_the_photo_at_work_stops_it_and_takes_it_out_of_the_list() -> None:
    async def scene(desk: Desk) -> None:
        desk.bridge.held = asyncio.Event()
        desk.add((1, "a.png", png()), (2, "b.png", png()))
        await desk.until(1, "working")
        desk.tell("remove", id=1)
        desk.bridge.held.set()
        await desk.until(2, "done")
        assert [photo["id"] for photo in desk.bridge.views[-1]["photos"]] == [2]

    assert list(play(scene).cutouts) == [2]


def test_another_model_is_offered_for_what_is_done_and_used_for_what_comes() -> None:
    async def scene(desk: Desk) -> None:
        desk.add((1, "a.png", png()))
        await desk.until(1, "done")
        assert not desk.photo(1)["can_redo"]
        desk.tell("choose", model="better")
        assert desk.photo(1)["can_redo"]
        desk.tell("retry", id=1)
        assert (await desk.until(1, "done"))["model"] == "better"
        assert not desk.photo(1)["can_redo"]

    assert play(scene).asked == ["quick", "better"]


def test_a_second_look_is_off_until_asked_for_and_then_offered_for_what_is_done() -> None:
    async def scene(desk: Desk) -> None:
        desk.add((1, "a.png", png()))
        await desk.until(1, "done")
        assert not desk.photo(1)["twice"] and not desk.photo(1)["can_redo"]
        desk.tell("twice", on=True)
        assert desk.photo(1)["can_redo"]
        desk.tell("retry", id=1)
        assert (await desk.until(1, "done"))["twice"]
        assert not desk.photo(1)["can_redo"]
        desk.tell("twice", on=False)
        assert desk.photo(1)["can_redo"]

    assert play(scene).asked == ["quick"], "the model stays as it is"


@pytest.mark.parametrize("end", ["fails", "is stopped", "is stopped while it waits", "loses its worker"])
def test_a_redo_that_does_not_come_to_its_end_leaves_the_earlier_cutout(end: str) -> None:
    async def scene(desk: Desk) -> None:
        desk.add((1, "a.png", png()))
        await desk.until(1, "done")
        desk.tell("choose", model="better")
        desk.bridge.held = asyncio.Event()
        if end == "is stopped while it waits":
            desk.add((2, "b.png", png()))
            await desk.until(2, "working")
        desk.tell("retry", id=1)
        if end == "is stopped while it waits":
            desk.tell("stop", id=1)
        else:
            await desk.until(1, "working")
        if end == "fails":
            desk.bridge.offline = True
            desk.bridge.held.set()
        elif end == "is stopped":
            desk.tell("stop", id=1)
        elif end == "loses its worker":
            desk.start(desk.bridge.views[-1]["photos"])
            desk.tell("choose", model="better")
        photo = await desk.until(1, "done", "failed", "stopped")
        assert (photo["state"], photo["model"], photo["can_redo"]) == ("done", "quick", True)
        assert "earlier cutout" in photo["text"]
        assert ("the connection broke" in photo["text"]) == (end == "fails")

    bridge = play(scene)
    assert [kind for photo, kind, *_ in bridge.pictures if photo == 1 and kind == "after"] == ["after"]


def test_a_redo_shows_its_picture_only_with_its_file() -> None:
    async def scene(desk: Desk) -> None:
        desk.add((1, "a.png", png()))
        await desk.until(1, "done")
        desk.tell("choose", model="better")
        desk.tell("retry", id=1)
        desk.bridge.on_show = lambda view: seen.append(len(desk.bridge.pictures))
        await desk.until(1, "working")
        await desk.until(1, "done")

    seen: list[int] = []
    bridge = play(scene)
    assert [kind for _, kind, *_ in bridge.pictures] == ["before", "after", "before", "after"]
    assert seen[-2] == 3, "while it is worked on the earlier one is shown"


def test_what_pillow_cannot_decode_goes_through_the_browser() -> None:
    avif = b"\0\0\0\x1cftypavif\0\0\0\0mif1avifmiaf" + bytes(40)

    async def scene(desk: Desk) -> None:
        desk.add((1, "no.avif", avif))
        assert (await desk.until(1, "failed"))["text"] == str(say("photo.not-decoded"))
        pixels = np.zeros((20, 30, 4), np.uint8)
        pixels[5:15, 5:25, :3] = 255
        pixels[:, :, 3] = 255
        desk.bridge.decoded = (30, 20, pixels.tobytes())
        desk.tell("retry", id=1)
        done = await desk.until(1, "done")
        assert (done["width"], done["height"]) == (30, 20)

    assert play(scene).cutouts[1][0] == "no-cutout.png"


def test_a_worker_started_anew_keeps_the_queue_and_blames_the_photo_at_work() -> None:
    async def scene(desk: Desk) -> None:
        desk.add((1, "a.png", png()))
        await desk.until(1, "done")
        desk.bridge.held = asyncio.Event()
        desk.page.tool._pipeline = None
        desk.add((2, "b.png", png()), (3, "c.png", png()))
        await desk.until(2, "working")
        photos = desk.bridge.views[-1]["photos"]

        async with Desk() as other:
            other.start(photos)
            other.add(*((photo["id"], photo["name"], png()) for photo in photos))
            await other.until(3, "done")
            assert [photo["state"] for photo in other.bridge.views[-1]["photos"]] == ["done", "failed", "done"]
            assert other.photo(2)["text"] == str(say("photo.worker-died"))

    play(scene)


def test_a_worker_ended_because_the_photo_would_not_stop_says_stopped() -> None:
    async def scene(desk: Desk) -> None:
        desk.bridge.held = asyncio.Event()
        desk.add((1, "a.png", png()))
        await desk.until(1, "working")
        other = Desk()
        other.bridge.stopping = 1
        other.start(desk.bridge.views[-1]["photos"])
        assert other.photo(1)["state"] == "stopped"

    play(scene)


def test_screen_readers_hear_milestones_not_every_step() -> None:
    async def scene(desk: Desk) -> None:
        desk.add((1, "a.png", png()))
        await desk.until(1, "done")

    said = [view["announcement"] for view in play(scene).views]
    assert list(dict.fromkeys(filter(None, said))) == [
        str(say("said.working", name="a.png")),
        str(say("said.done", name="a.png")),
    ]


def test_a_message_of_an_unknown_type_is_refused() -> None:
    with pytest.raises(ValueError, match="'dance'"):
        Desk().tell("dance")


def jpeg(mode: str = "RGB", **options: object) -> bytes:
    out = io.BytesIO()
    Image.open(io.BytesIO(png())).convert(mode).save(out, "jpeg", **options)
    return out.getvalue()


def test_the_browser_decodes_jpeg_and_the_profile_stays() -> None:
    profile = bytes(16) + b"RGB " + bytes(16) + b"acsp" + bytes(92)

    async def scene(desk: Desk) -> None:
        pixels = np.full((30, 40, 4), 255, np.uint8)
        pixels[:, :20, :3] = 7
        desk.bridge.decoded = (40, 30, pixels.tobytes())
        desk.add((1, "a.jpg", jpeg(icc_profile=profile)))
        await desk.until(1, "done")

    with Image.open(io.BytesIO(play(scene).cutouts[1][1])) as cutout:
        assert cutout.getpixel((39, 0)) == (255, 255, 255, 255), "the browser's pixels, not Pillow's"
        assert cutout.info["icc_profile"] == profile


@pytest.mark.parametrize("mode", ["RGB", "CMYK"])
def test_pillow_decodes_a_jpeg_that_the_browser_refuses_or_would_spoil(mode: str) -> None:
    async def scene(desk: Desk) -> None:
        if mode == "CMYK":
            desk.bridge.decoded = (1, 1, bytes(4))
        desk.add((1, "a.jpg", jpeg(mode)))
        done = await desk.until(1, "done")
        assert (done["width"], done["height"]) == (40, 30)

    play(scene)


def test_a_damaged_jpeg_is_told_as_pillow_knows_it() -> None:
    async def scene(desk: Desk) -> None:
        desk.add((1, "a.jpg", jpeg()[:400]), (2, "b.jpg", b"\xff\xd8\xff" + bytes(50)))
        await desk.until(2, "failed")
        assert "damaged" in desk.photo(1)["text"]
        assert "not a photo" in desk.photo(2)["text"] or "damaged" in desk.photo(2)["text"]

    play(scene)
