"""Edges refined on the graphics card as on the CPU."""

import io
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from hearth.errors import Unsupported
from hearth.runtime import InferenceSession, executors
from hearth.runtime.device import Held
from hearth.runtime.graph import Node
from hearth.runtime.numpy import NumpyExecutor
from hearth.runtime.webgpu import WebGPUExecutor
from hearth.runtime.webgpu.desk import Device
from hearth.runtime.webgpu.limits import Limits
from hearth.tools.cutout.colours import estimate
from hearth.tools.cutout.kernels import kernels
from hearth.tools.cutout.matte import Matte
from hearth.tools.cutout.network import Preparation, prepare
from hearth.tools.cutout.photo import read
from hearth.tools.cutout.pipeline import Glance, Pipeline
from hearth.tools.cutout.refine import (
    PictureCells,
    Settings,
    Sides,
    cleared,
    decided,
    fit,
    matted,
    resampled,
    shrink,
    small_size,
    started,
    unbacked,
)
from hearth.tools.cutout.refine.cells import cell_counts, filled, smoothly_filled
from hearth.tools.cutout.refine.graphics import Refinement
from hearth.tools.cutout.refine.matting import solve
from tests.webgpu.conftest import graph_of


def photo_of(width: int, height: int, mode: str) -> bytes:
    """A soft disc in front of stripes, its middle transparent where the mode has alpha."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) / height
    disc = (1 / (1 + np.exp(40 * (np.hypot(x - 0.6, y - 0.5) - 0.3))))[..., None]
    ground = 0.5 + 0.3 * np.sin(np.stack([9 * x, 14 * y, 11 * (x + y)], -1))
    colour = disc * np.array([0.9, 0.4, 0.2]) + (1 - disc) * ground
    pixels = (colour * 255).astype(np.uint8)
    if mode == "RGBA":
        pixels = np.concatenate([pixels, np.full((height, width, 1), 200, np.uint8)], -1)
    file = io.BytesIO()
    Image.fromarray(pixels, mode).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize(("width", "height", "mode"), [(501, 349, "RGB"), (250, 90, "RGBA")])
def test_alpha_is_that_of_the_cpu(width: int, height: int, mode: str, gpu: Device) -> None:
    photo = read(photo_of(width, height, mode))
    y, x = np.mgrid[0:64, 0:64].astype(np.float32) / 64
    mask = (1 / (1 + np.exp(30 * (np.hypot((x * width / height) - 0.6, y - 0.5) - 0.31)))).astype(np.float32)
    size = small_size(width, height)
    small = resampled(mask, size)
    picture = np.empty((*size[::-1], 4), np.float32)
    for _ in shrink(photo, picture, kernels()):
        pass
    settings = Settings(steps=20)  # software takes its time
    soft = matted(picture, small, kernels(), settings)
    alpha = np.empty((height, width), np.uint8)
    fit(picture, soft, kernels()).apply(photo.pixels, alpha, 0, height, kernels())
    refinement = Refinement(gpu, photo, settings)
    refined_twice = []
    for _ in range(2):
        cells = refinement.solve(small)
        if (share := unbacked(cells, decided(cells))) is not None:
            refinement.back(share)
        refined_twice.append(refinement.refined())
    first, refined = refined_twice
    assert np.abs(first.alpha.astype(int) - refined.alpha).max() <= 1
    assert 0.02 < soft.mean() < 0.9
    start = started(small, settings)
    given = picture, start.unknown, start.pull, start.goal, start.alpha
    expected = PictureCells(picture, small, cleared(solve(*given, settings.eps, settings.steps, kernels()), settings))
    np.testing.assert_allclose(cells.colour, expected.colour, atol=1e-5)
    np.testing.assert_allclose(cells.mask, expected.mask, atol=1e-5)
    np.testing.assert_allclose(cells.alpha, expected.alpha, atol=0.01)
    np.testing.assert_allclose(cells.squares, expected.squares, atol=0.01)
    difference = np.abs(refined.alpha.astype(int) - alpha)
    assert difference.mean() < 0.1
    assert difference.max() <= 4
    colours = estimate(picture, soft, kernels())
    assert refined.colours is not None
    for found, wanted in ((refined.colours.subject, colours.subject), (refined.colours.background, colours.background)):
        apart = np.abs(found - wanted)[..., :3]
        assert wanted[..., :3].std() > 0.1
        assert apart.mean() < 5e-4
        assert apart.max() < 0.03


def test_sides_that_were_decided_for_pull_alpha_as_on_the_cpu(gpu: Device) -> None:
    photo = read(photo_of(250, 190, "RGB"))
    size = small_size(*photo.size)
    picture = np.empty((*size[::-1], 4), np.float32)
    for _ in shrink(photo, picture, kernels()):
        pass
    mask = resampled(Session(gpu).map * np.float32(0.6) + np.float32(0.2), size)
    random = np.random.default_rng(1)
    columns, rows = cell_counts(*size)
    sides = Sides(*(random.random((2, rows, columns), np.float32) > 0.5).astype(np.float32))
    settings = Settings(steps=20)
    start = started(mask, settings, sides)
    given = picture, start.unknown, start.pull, start.goal, start.alpha
    soft = cleared(solve(*given, settings.eps, settings.steps, kernels()), settings)
    alpha = np.empty(photo.size[::-1], np.uint8)
    fit(picture, soft, kernels()).apply(photo.pixels, alpha, 0, len(alpha), kernels())
    refinement = Refinement(gpu, photo, settings)
    refinement.solve(mask)
    refinement.side(sides)
    difference = np.abs(refinement.refined().alpha.astype(int) - alpha)
    assert difference.mean() < 0.1
    assert difference.max() <= 4
    share = random.random((rows, columns), np.float32)
    word = np.where(filled(sides.certainty, mask.shape) > 0, filled(sides.goal, mask.shape), mask)
    backed = (soft + smoothly_filled(share, mask.shape) * (word - soft)).astype(np.float32)
    with_share = np.empty_like(alpha)
    fit(picture, backed, kernels()).apply(photo.pixels, with_share, 0, len(alpha), kernels())
    refinement.solve(mask)
    refinement.side(sides)
    refinement.back(share)
    difference = np.abs(refinement.refined().alpha.astype(int) - with_share)
    assert np.abs(with_share.astype(int) - alpha).mean() > 5
    assert difference.mean() < 0.2
    assert difference.max() <= 6
    refinement.solve(mask)  # it forgets both
    assert np.abs(refinement.refined().alpha.astype(int) - alpha).mean() > 20


@pytest.mark.parametrize(("width", "height"), [(1, 90), (2, 2)])
def test_a_photo_narrower_than_a_cell_has_its_colours(width: int, height: int, gpu: Device) -> None:
    photo = read(photo_of(width, height, "RGB"))
    mask = np.random.default_rng(0).random((height, width), np.float32)
    picture = np.empty((height, width, 4), np.float32)
    for _ in shrink(photo, picture, kernels()):
        pass
    settings = Settings(steps=2)
    expected = estimate(picture, matted(picture, mask, kernels(), settings), kernels())
    refinement = Refinement(gpu, photo, settings)
    assert decided(refinement.solve(mask)) is None
    colours = refinement.refined().colours
    assert colours is not None
    np.testing.assert_allclose(colours.subject[..., :3], expected.subject[..., :3], atol=1e-4)
    np.testing.assert_allclose(colours.background[..., :3], expected.background[..., :3], atol=1e-4)


class Session:
    """A network that says where the disc is, on a card or not."""

    def __init__(self, gpu: object) -> None:
        self.executor = SimpleNamespace(gpu=gpu)
        y, x = np.mgrid[0:64, 0:64].astype(np.float32) / 64
        self.map = (1 / (1 + np.exp(30 * (np.hypot(x * 250 / 190 - 0.6, y - 0.5) - 0.31)))).astype(np.float32)

    def get_inputs(self) -> list[SimpleNamespace]:
        return [SimpleNamespace(name="x")]

    get_outputs = get_inputs

    def run(self, *_: object) -> list[np.ndarray]:
        return [self.map]


def test_the_pipeline_goes_on_without_a_card_that_fails(gpu: Device) -> None:
    photo = read(photo_of(250, 190, "RGB"))
    broken = SimpleNamespace(limits=Limits(maxStorageBufferBindingSize=1 << 16))
    mattes = [
        Pipeline(cast(Any, Session(card)), Preparation((1, 3, 64, 64), "255", (0, 0, 0), (1, 1, 1))).matte(photo)
        for card in (None, gpu, broken)
    ]
    differences = [np.abs(matte.alpha.astype(int) - mattes[0].alpha) for matte in mattes[1:]]
    assert 0 < differences[0].max() <= 4
    assert differences[1].max() == 0


def pixels_of(shown: Held, size: tuple[int, int]) -> NDArray[np.int32]:
    """A screen's pixels (height, width, 4), of `size` (width, height)."""
    return np.frombuffer(shown.to_bytes(), np.uint8).reshape(*size[::-1], 4).astype(np.int32)


@pytest.mark.parametrize("screen", [(241, 168), (61, 43), (501, 349)])
def test_a_screen_sees_what_the_cpu_makes_of_alpha_and_colours(screen: tuple[int, int], gpu: Device) -> None:
    photo, mask = read(photo_of(501, 349, "RGB")), Session(gpu).map
    refinement = Refinement(gpu, photo, Settings(steps=2), screen=screen)
    refinement.solve(resampled(mask, small_size(*photo.size)))
    shown, refined = pixels_of(refinement.on_screen(), screen), refinement.refined()
    expected = Matte(photo, mask, mask, refined.alpha, refined.colours).scaled(*screen)
    assert ((expected[..., 3] > 0) & (expected[..., 3] < 255)).mean() > 0.02
    assert np.abs(shown - expected).max() <= 1


@pytest.mark.parametrize("lost", [None, "on_screen", "refined"])
def test_a_first_look_is_the_preview_whether_or_not_the_card_stays(
    gpu: Device, lost: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = Device(gpu.adapter)
    if lost:
        step = getattr(Refinement, lost)

        def lose(refinement: Refinement, *given: Any) -> Any:
            own.device.destroy()
            return step(refinement, *given)

        monkeypatch.setattr(Refinement, lost, lose)
    looks: list[Held] = []
    pipeline = Pipeline(cast(Any, Session(own)), Preparation((1, 3, 64, 64), "255", (0, 0, 0), (1, 1, 1)))
    matte = pipeline.matte(read(photo_of(250, 190, "RGB")), glance=Glance((120, 91), looks.append))
    assert len(looks) == (0 if lost == "on_screen" else 1)
    for look in looks:
        difference = np.abs(pixels_of(look, (120, 91)) - matte.scaled(120, 91))
        # Where the card went before all of alpha came, the file has that of the CPU.
        assert difference.max() <= 1 if lost is None else difference[..., 3].max() <= 5


def test_a_photo_too_large_for_a_binding_is_refused(gpu: Device) -> None:
    class Small:
        limits = Limits(maxStorageBufferBindingSize=1 << 16)

    photo = read(photo_of(250, 90, "RGB"))
    with pytest.raises(Unsupported):
        Refinement(Small(), photo)  # type: ignore[arg-type]


IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


@pytest.mark.parametrize(("width", "height"), [(501, 349), (60, 250)])
@pytest.mark.parametrize("scale", ["image maximum", "255"])
def test_what_the_network_sees_is_made_on_the_card(width: int, height: int, scale: Any, gpu: Device) -> None:
    photo = read(photo_of(width, height, "RGB"))
    preparation = Preparation((1, 3, 48, 64), scale, *IMAGENET)
    refinement = Refinement(gpu, photo, Settings(steps=2), preparation)
    seen = refinement.see()
    assert seen is not None
    expected = prepare(photo, preparation)
    assert (seen.dtype, seen.shape) == (expected.dtype, expected.shape)
    # Pillow's pixels bit for bit, normalised in float32; one step of 255 would be .017.
    np.testing.assert_allclose(seen.numpy(), expected, atol=2e-6)
    refinement.solve(resampled(np.full((8, 8), 0.7, np.float32), small_size(width, height)))
    assert refinement.refined().alpha.shape == (height, width)


class Watched(InferenceSession):
    """Tells what it was fed."""

    fed: list[object]

    def run(self, names: Any, feeds: Any, keep: Any = ()) -> list[Any]:
        self.fed.append(feeds["x"])
        return super().run(names, feeds, keep)


@pytest.mark.parametrize("lost", [False, True])
def test_the_photo_goes_up_once_and_is_prepared_anew_where_the_card_is_lost(
    gpu: Device, lost: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = np.full((1, 3, 5, 5), 0.02, np.float32) * np.array([3, -1, -1], np.float32).reshape(1, 3, 1, 1)
    nodes = [Node("Conv", ["x", "w"], ["c"], {"pads": [2, 2, 2, 2]}), Node("Sigmoid", ["c"], ["y"])]
    graph = graph_of(nodes, {"x": np.zeros((1, 3, 64, 64), np.float32)}, ["y"], {"w": weights})
    graph.metadata["hearth.optimised"] = "true"
    own = Device(gpu.adapter)
    monkeypatch.setattr(executors, "EXECUTORS", {"numpy": NumpyExecutor, "webgpu": lambda: WebGPUExecutor(own)})
    preparation = Preparation((1, 3, 64, 64), "image maximum", *IMAGENET)
    photo = read(photo_of(250, 190, "RGB"))
    plain = Pipeline(InferenceSession(graph, "numpy"), preparation).matte(photo)
    session = Watched(graph, ["webgpu", "numpy"])
    session.fed = []
    if lost:
        see = Refinement.see

        def lose(refinement: Refinement) -> Any:
            seen = see(refinement)
            own.device.destroy()
            return seen

        monkeypatch.setattr(Refinement, "see", lose)
    matte = Pipeline(session, preparation).matte(photo)
    assert [type(fed).__name__ for fed in session.fed] == ["DeviceTensor", *(["ndarray"] if lost else [])]
    assert session.executor_name == ("numpy" if lost else "webgpu")
    np.testing.assert_allclose(matte.raw, plain.raw, atol=1e-4)
    assert np.abs(matte.alpha.astype(int) - plain.alpha).mean() < 0.5
