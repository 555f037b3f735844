"""A photo becomes a cutout: as onnxruntime would have it, stoppable anywhere, within its memory."""

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from hearth.errors import BadImage, BadModel, Cancelled, NoSubject
from hearth.runtime import InferenceSession
from hearth.tools.cutout import STAGES, Cutout, Pipeline, Preparation, from_image, from_rgba, read
from tests.photos import NAMES, photo
from tests.tools.cutout.pictures import decoded, encoded, scene, srgb_profile

pytestmark = pytest.mark.desk


class Recorded:
    """A session that answers a map which is known beforehand: for tests of what comes before and after it."""

    class Name:
        name = "x"

    def __init__(self, raw: np.ndarray | None = None) -> None:
        y, x = np.mgrid[0:320, 0:320]
        disc = ((x - 150) ** 2 + (y - 170) ** 2 < 110**2).astype(np.float32)
        self.raw = disc[None, None] if raw is None else raw

    def get_inputs(self) -> list[Any]:
        return [self.Name]

    get_outputs = get_inputs

    def run(self, names: Any, feeds: Any, /) -> list[np.ndarray]:
        assert feeds["x"].shape == (1, 3, 320, 320)
        return [self.raw]

    async def run_async(self, names: Any, feeds: Any, progress: Any, /) -> list[np.ndarray]:
        await asyncio.sleep(0)
        progress(0.5)
        return self.run(names, feeds)


@pytest.fixture
def recorded(preparation: Preparation) -> Pipeline:
    return Pipeline(Recorded(), preparation)


@pytest.mark.parametrize("name", NAMES)
def test_alpha_of_real_photos_equals_onnxruntimes(
    name: str, session: InferenceSession, yardstick: Any, preparation: Preparation
) -> None:
    data = photo(name).read_bytes()
    ours, theirs = Pipeline(session, preparation).run(data), Pipeline(yardstick, preparation).run(data)
    assert np.abs(ours.raw - theirs.raw).max() < 1e-4
    # Where the network doubts, alpha is solved for twice: that makes more of the last digits of the two maps.
    apart = np.abs(ours.alpha.astype(int) - theirs.alpha)
    assert apart.max() <= 6 and (apart > 2).mean() < 1e-3
    with Image.open(photo(name)) as image:
        original = np.asarray(image.convert("RGB"))
    result = decoded(ours.png)
    assert result.shape == (*original.shape[:2], 4)
    assert np.array_equal(result[:, :, 3], ours.alpha)
    whole = ours.alpha == 255
    assert np.array_equal(result[whole][:, :3], original[whole])
    assert not result[ours.alpha == 0].any()


def test_a_cat_is_kept_and_its_surroundings_go(yardstick: Any, preparation: Preparation) -> None:
    alpha = Pipeline(yardstick, preparation).run(photo("chelsea").read_bytes()).alpha
    assert alpha[180, 225] > 250  # its nose
    assert alpha[20, 20] < 5


@pytest.mark.parametrize("colour", [(255, 255, 255), (0, 0, 0), (90, 120, 160)])
def test_an_empty_scene_has_no_subject(colour: tuple[int, int, int], yardstick: Any, preparation: Preparation) -> None:
    maps: list[np.ndarray] = []
    with pytest.raises(NoSubject, match="No subject"):
        Pipeline(yardstick, preparation).run(from_image(Image.new("RGB", (400, 300), colour)), on_map=maps.append)
    assert maps[0].shape == (320, 320)


def test_a_subject_that_is_cut_out_already_is_found_again(yardstick: Any, preparation: Preparation) -> None:
    pipeline = Pipeline(yardstick, preparation)
    first = pipeline.run(photo("astronaut").read_bytes())
    again = pipeline.run(first.png)
    before, after = first.alpha / 255, again.alpha / 255
    assert (again.alpha <= first.alpha).all()
    assert np.minimum(before, after).sum() / np.maximum(before, after).sum() > 0.9


@pytest.mark.parametrize("awaited", [False, True])
def test_stages_come_in_order_and_rise_to_one(recorded: Pipeline, awaited: bool) -> None:
    seen: list[tuple[str, float]] = []
    data = encoded(scene(900, 700), "PNG")

    def progress(stage: str, fraction: float) -> None:
        seen.append((stage, fraction))

    asyncio.run(recorded.run_async(data, progress)) if awaited else recorded.run(data, progress)
    assert (("predict", 0.5) in seen) == awaited
    assert list(dict.fromkeys(stage for stage, _ in seen)) == list(STAGES)
    for stage in STAGES:
        fractions = [fraction for name, fraction in seen if name == stage]
        assert fractions == sorted(fractions)
        assert (fractions[0], fractions[-1]) == (0, 1)


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("awaited", [False, True])
def test_every_stage_can_be_cancelled(recorded: Pipeline, stage: str, late: bool, awaited: bool) -> None:
    calls: list[tuple[str, float]] = []

    def stop(now: str, fraction: float) -> None:
        calls.append((now, fraction))
        if now == stage and (fraction > 0 or not late):
            raise Cancelled("Stopped.")

    data = encoded(scene(900, 700), "PNG")
    with pytest.raises(Cancelled):
        asyncio.run(recorded.run_async(data, stop)) if awaited else recorded.run(data, stop)
    assert calls[-1][0] == stage


def test_awaiting_gives_the_same_and_lets_others_work(recorded: Pipeline) -> None:
    data = encoded(scene(900, 700), "PNG")
    turns = 0

    async def both() -> Cutout:
        async def other() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        background = asyncio.create_task(other())
        result = await recorded.run_async(data)
        background.cancel()
        return result

    awaited = asyncio.run(both())
    assert awaited.png == recorded.run(data).png
    assert turns > 15


def test_a_message_that_arrives_meanwhile_can_cancel(recorded: Pipeline) -> None:
    async def job() -> None:
        asked = False

        def progress(stage: str, fraction: float) -> None:
            if asked:
                raise Cancelled("Stopped.")

        async def ask() -> None:
            nonlocal asked
            asked = True

        task = asyncio.create_task(recorded.run_async(encoded(scene(900, 700), "PNG"), progress))
        await asyncio.sleep(0)
        await ask()
        with pytest.raises(Cancelled):
            await task

    asyncio.run(job())


def test_only_the_mask_is_the_alpha_as_grey(recorded: Pipeline) -> None:
    result = recorded.run(encoded(scene(90, 70), "PNG"), only_mask=True)
    assert np.array_equal(decoded(result.png), result.alpha)


def test_the_matte_is_handed_out_before_the_file_is_written(recorded: Pipeline) -> None:
    events: list[Any] = []
    job = recorded.run_async(
        encoded(scene(90, 70), "PNG"), lambda stage, fraction: events.append(stage), on_matte=events.append
    )
    result = asyncio.run(job)
    at = events.index(result.matte)
    assert "write" not in events[:at]
    assert set(events[at + 1 :]) == {"write"}


def test_raw_pixels_and_a_file_give_the_same(recorded: Pipeline) -> None:
    picture = scene(90, 70, 4)
    from_file = recorded.run(encoded(picture, "PNG"))
    assert from_file.png == recorded.run(from_rgba(picture.tobytes(), 90, 70)).png


def test_profile_notes_and_orientation_reach_the_result(recorded: Pipeline) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    result = recorded.run(encoded(scene(90, 70), "JPEG", exif=exif, icc_profile=srgb_profile()))
    assert result.size == (70, 90)
    assert read(result.png).icc == srgb_profile()
    frames = [Image.fromarray(scene(30, 20, seed=seed)) for seed in (0, 1)]
    moving = recorded.run(encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    assert [str(note) for note in moving.notes] == ["The first frame of an animation was taken."]


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (3000, 1)])
def test_the_smallest_and_the_thinnest_work(recorded: Pipeline, size: tuple[int, int]) -> None:
    result = recorded.run(encoded(scene(*size), "PNG"))
    assert decoded(result.png).shape == (size[1], size[0], 4)


def test_what_is_no_photo_is_refused(recorded: Pipeline) -> None:
    with pytest.raises(BadImage):
        recorded.run(b"hello")


def test_a_network_that_answers_no_map_is_refused(preparation: Preparation) -> None:
    with pytest.raises(BadModel, match="one map"):
        Pipeline(Recorded(np.zeros((1, 1000), np.float32)[None, None, :, None].repeat(2, 1)), preparation).run(
            encoded(scene(9, 9), "PNG")
        )


MEASURE = """
import resource, sys
from hearth.tools.cutout import Pipeline, Preparation
from tests.tools.cutout.test_pipeline import Recorded

pipeline = Pipeline(Recorded(), Preparation((1, 3, 320, 320), "255", (0, 0, 0), (1, 1, 1)))
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
before = peak()
result = pipeline.run(open(sys.argv[1], "rb").read())
print(*result.size, (peak() - before) // 1024)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="counts memory as Linux does")
@pytest.mark.parametrize("orientation", [1, 6])
def test_fifty_megapixels_stay_within_500_megabytes(tmp_path: Path, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    noisy = Image.fromarray(scene(1000, 700)).resize((8660, 5770))
    noisy.save(tmp_path / "large.jpg", exif=exif)
    root = Path(__file__).parents[3]
    command = [sys.executable, "-c", MEASURE, str(tmp_path / "large.jpg")]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    width, height, megabytes = map(int, done.stdout.split())
    assert width * height > 49e6
    assert megabytes < 500
