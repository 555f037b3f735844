"""What is said of models that a person brings, on the desk."""

import asyncio
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper, load_model_from_string

from hearth.page.cutout.checking import check
from hearth.page.cutout.own import Report, inspect
from hearth.runtime.load import load_bytes
from hearth.tools.cutout import Pipeline
from hearth.tools.cutout.own import OwnSession, Settings, session_for
from hearth.words import english
from tests.page.desk import Desk, network, png
from tests.page.test_queue import play

pytestmark = pytest.mark.desk
FLOAT, BYTE = TensorProto.FLOAT, TensorProto.UINT8


ANSWERS = {
    "map": [helper.make_node("Clip", ["mean", "zero", "one"], ["map"])],
    "logits": [helper.make_node("Mul", ["mean", "many"], ["map"])],
    "classes": [
        helper.make_node("Greater", ["mean", "half"], ["more"]),
        helper.make_node("Cast", ["more"], ["map"], to=TensorProto.INT64),
    ],
    "bytes": [helper.make_node("Identity", ["mean"], ["map"])],
}


def model(
    shape: list[Any],
    axis: int,
    *,
    dtype: int = FLOAT,
    answer: str = "map",
    out: list[Any] | None = None,
    inputs: int = 1,
) -> bytes:
    """An ONNX file whose map is the mean over the colours on that axis, as numbers of the kind `answer`."""
    nodes = [
        helper.make_node("Cast", ["image"], ["float"], to=FLOAT),
        helper.make_node("ReduceMean", ["float"], ["mean"], axes=[axis], keepdims=1),
        *ANSWERS[answer],
    ]
    numbers = {"zero": 0.0, "half": 0.5, "one": 1.0, "many": 255.0}
    consts = [helper.make_tensor(name, FLOAT, [], [value]) for name, value in numbers.items()]
    kind = TensorProto.INT64 if answer == "classes" else FLOAT
    given = [helper.make_tensor_value_info("image", dtype, shape)]
    given += [helper.make_tensor_value_info(f"more{n}", FLOAT, [1]) for n in range(inputs - 1)]
    made = [helper.make_tensor_value_info("map", kind, out)]
    graph = helper.make_graph(nodes, "mean", given, made, consts)
    opset = [helper.make_opsetid("", 13)]
    return helper.make_model(graph, opset_imports=opset, ir_version=8).SerializeToString()


def look(data: bytes) -> Report:
    return asyncio.run(inspect(Report(-1, "a.onnx", len(data)), data))


@pytest.mark.parametrize(
    ("data", "layout", "size", "answer"),
    [
        (model([1, 3, 64, 48], 1), "NCHW", (48, 64), "map"),
        (model(["n", 3, "h", "w"], 1, out=["n", 1, "h", "w"]), "NCHW", (320, 320), "map"),
        (model([1, 64, 48, 3], 3, out=[1, 64, 48, 1]), "NHWC", (48, 64), "map"),
        (model([1, 40, 40, 3], 3, dtype=BYTE, answer="bytes"), "NHWC", (40, 40), "bytes"),
        (model([1, 3, 32, 32], 1, answer="logits"), "NCHW", (32, 32), "logits"),
        (model([1, 3, 256, 256], 1, answer="classes"), "NCHW", (256, 256), "classes"),
    ],
    ids=["float", "any size", "channels last", "bytes", "logits", "classes"],
)
def test_a_model_that_takes_a_picture_and_answers_a_map_fits_and_cuts_out(
    data: bytes, layout: str, size: tuple[int, int], answer: str
) -> None:
    report = look(data)
    assert report.fits, english(report.verdict)
    settings = Settings(**(report.settings or {}))
    assert (settings.layout, (settings.width, settings.height), settings.answer) == (layout, size, answer)
    assert sum(report.places.values()) > 0 and "steps" in report.explained
    plain = {**settings.plain(), "mean": (0.0, 0.0, 0.0), "std": (1.0, 1.0, 1.0), "scale": "255"}
    if settings.dtype == "tensor(uint8)":
        plain["std"] = (1 / 255, 1 / 255, 1 / 255)
    settings = Settings(**plain)
    session = OwnSession(session_for(load_bytes(data), settings), settings)
    cutout = Pipeline(session, settings.preparation()).run(png(64, 64))
    assert cutout.alpha[32, 32] > 250 and cutout.alpha[1, 1] < 135


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (model([1, 3, 8, 8], 1, inputs=2), "wants 2 inputs"),
        (model([1, 5, 8, 8], 1), "no picture of three colours (image: tensor(float) 1 × 5 × 8 × 8)"),
        (model([4, 3, 8, 8], 1), "wants 4 pictures"),
        (model([1, 3, 8, 8], 0, out=[1, 3, 8, 8]), "no single map"),
        (b"hello", "no ONNX model, or a damaged one"),
        (b"", "no ONNX model, or a damaged one"),
        (network()[:60], "no ONNX model, or a damaged one"),
    ],
    ids=["inputs", "colours", "batch", "outputs", "text", "empty", "cut"],
)
def test_a_model_for_something_else_is_explained_and_no_model_told(data: bytes, sentence: str) -> None:
    report = look(data)
    assert not report.fits
    assert sentence in english(report.verdict)


def test_a_model_of_ones_own_is_chosen_and_set_anew() -> None:
    async def scene(desk: Desk) -> None:
        desk.bridge.files[-1] = network()
        desk.tell("inspect", model={"id": -1, "name": "mine.onnx", "bytes": 7})
        while not desk.bridge.reports:
            await asyncio.sleep(0.001)
        own = {**desk.bridge.reports[0]["settings"], "mean": [0.5] * 3, "std": [0.1] * 3, "scale": "255"}
        for number, mean in enumerate(([0.5] * 3, [5.0] * 3), 1):
            desk.tell("models", models=[{"id": f"own-x-{number}", "own": {**own, "mean": mean}}])
            desk.tell("choose", model=f"own-x-{number}")
            desk.add((number, "a.png", png()))
            states.append((await desk.until(number, "done", "failed"))["state"])

    states: list[str] = []
    bridge = play(scene)
    assert states == ["done", "failed"], "with a mean out of the world nothing stands out"
    assert bridge.asked == ["own-x-1", "own-x-2"]
    assert np.isfinite(bridge.reports[0]["summary"]["parameters"])


def test_the_checker_of_onnx_tells_what_breaks_its_rules() -> None:
    desk = Desk()
    loose = load_model_from_string(network())
    loose.graph.node[1].name, loose.graph.node[1].input[0] = "last", "nowhere"
    desk.bridge.files |= {-1: network(), -2: loose.SerializeToString(), -3: network()[:-9]}

    async def ask() -> None:
        for number in (-1, -2, -3):
            await check(desk.bridge, number)

    asyncio.run(ask())
    sound, cut, short = desk.bridge.verdicts
    assert "nothing wrong" in sound
    assert "'nowhere' of node: name: last OpType: Sigmoid" in cut
    assert "breaks the rules" in short
