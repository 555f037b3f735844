"""ORT format to standard ONNX: the same network, and it still understands speech."""

from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray
from onnx import helper

from hearth.desk import models
from hearth.desk.fetch import Cache, Member, Pinned
from hearth.errors import BadModel, Unsupported
from models import prepare
from models.convert import ort, ort_fused
from tests.sounds import speech

Array = NDArray[Any]
BEGIN, END = 1, 2
TOKENIZER_SHA256 = "6884b35fd6377d4c4d32336a0bc152f36b64d1e45b6503683cdc238250a8472d"


def session(model: Any, optimised: bool = True) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    if not optimised:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(model, options)


def original(model_id: str) -> onnxruntime.InferenceSession:
    return session(str(Cache().get(models.find(model_id).source.pinned())))


def hear(encoder: onnxruntime.InferenceSession, sound: Array) -> Array:
    mask = np.ones((1, len(sound)), np.int64)
    return encoder.run(None, {"input_values": sound[None], "attention_mask": mask})[0]


def write(decoder: onnxruntime.InferenceSession, heard: Array, sound: Array) -> list[int]:
    """Piece numbers by greedy decoding, with the cache."""
    cache = {
        value.name: np.zeros((1, 8, 0, 36), np.float32)
        for value in decoder.get_inputs()
        if value.name.startswith("past_key_values")
    }
    pieces = [BEGIN]
    while pieces[-1] != END and len(pieces) < 100:
        step = len(pieces) > 1
        feeds = {
            "input_ids": np.array([pieces[-1:]], np.int64),
            "encoder_hidden_states": heard,
            "encoder_attention_mask": np.ones((1, len(sound)), np.int64),
            "use_cache_branch": np.array([step]),
        }
        logits, *present = decoder.run(None, feeds | cache)
        for value, array in zip(decoder.get_outputs()[1:], present, strict=True):
            if not (step and ".encoder." in value.name):  # what was heard stays as it is after the first step
                cache[value.name.replace("present", "past_key_values")] = array
        pieces.append(int(logits[0, -1].argmax()))
    return pieces[1:-1]


def text(pieces: list[int]) -> str:
    wheel = models.find("moonshine-encoder").source.pinned_archive()
    member = Member(wheel, "moonshine_voice/assets/tiny-en/tokenizer.bin")
    data = Cache().get(Pinned("tokenizer.bin", TOKENIZER_SHA256, 249974, (member,))).read_bytes()
    vocabulary: list[bytes] = []
    at = 0
    while at < len(data):  # each piece: its length in bytes, of seven bits a byte, then its bytes
        length, at = data[at], at + 1
        if length >= 128:
            length, at = length - 128 + 128 * data[at], at + 1
        vocabulary.append(data[at : at + length])
        at += length
    return b"".join(vocabulary[piece] for piece in pieces).decode().replace("▁", " ").strip()


def test_converted_moonshine_writes_down_what_is_said() -> None:
    sound = speech(5.0)
    encoder, decoder = (session(prepare.fetch_onnx(f"moonshine-{part}")) for part in ("encoder", "decoder"))
    written = text(write(decoder, hear(encoder, sound), sound))
    assert written == "It was the best of times, it was the worst of times."
    theirs = write(original("moonshine-decoder"), hear(original("moonshine-encoder"), sound), sound)
    assert written == text(theirs)


def with_left_factors_rounded(model: onnx.ModelProto) -> onnx.ModelProto:
    """Puts back the rounding to 8 bits that onnxruntime does to what is multiplied with quantised weights."""
    rounded = onnx.ModelProto()
    rounded.CopyFrom(model)
    weights = {node.output[0] for node in model.graph.node if node.op_type == "DequantizeLinear"}
    del rounded.graph.node[:]
    for node in model.graph.node:
        if node.op_type == "MatMul" and node.input[1] in weights:
            parts = [f"{node.output[0]}_{part}" for part in ("q", "scale", "zero", "rounded")]
            rounded.graph.node.append(helper.make_node("DynamicQuantizeLinear", [node.input[0]], parts[:3]))
            rounded.graph.node.append(helper.make_node("DequantizeLinear", parts[:3], parts[3:]))
            rounded.graph.node.append(helper.make_node("MatMul", [parts[3], node.input[1]], node.output))
        else:
            rounded.graph.node.append(node)
    return rounded


def test_rounding_of_the_left_factors_is_all_that_differs() -> None:
    """Held after the first layer of six: later on, each value that falls to the other side of a rounding spreads."""
    fused = ort.read(Cache().get(models.find("moonshine-encoder").source.pinned()).read_bytes())
    standard = onnx.load(prepare.fetch_onnx("moonshine-encoder"))
    heard = []
    for model in (fused, standard, with_left_factors_rounded(standard)):
        del model.graph.output[:]
        model.graph.output.append(onnx.ValueInfoProto(name="/layers.0/Add_1_output_0"))
        heard.append(hear(session(model.SerializeToString(), optimised=False), speech(2.0)))
    theirs, ours, ours_rounded = heard
    assert np.abs(ours_rounded - theirs).mean() < 1e-4 * np.abs(theirs).mean()
    assert np.abs(ours - theirs).mean() < 0.05 * np.abs(theirs).mean()


def test_no_fused_operator_is_left() -> None:
    def domains(graph: onnx.GraphProto) -> set[str]:
        inner = [domains(a.g) for node in graph.node for a in node.attribute if a.HasField("g")]
        return {node.domain for node in graph.node}.union(*inner)

    for part in ("encoder", "decoder"):
        assert domains(onnx.load(prepare.fetch_onnx(f"moonshine-{part}")).graph) == {""}


RANDOM = np.random.default_rng(3)
X, SKIP = (RANDOM.normal(size=(2, 3, 8)).astype(np.float32) for _ in range(2))
GAMMA, BETA, BIAS = (RANDOM.normal(size=8).astype(np.float32) for _ in range(3))
SOUND = RANDOM.normal(size=(1, 2, 9)).astype(np.float32)
KERNEL = RANDOM.normal(size=(4, 2, 3)).astype(np.float32)


@pytest.mark.parametrize(
    ("operator", "inputs", "outputs", "attributes"),
    [
        ("Gelu", [X], 1, {}),
        ("QuickGelu", [X], 1, {"alpha": 1.702}),
        ("FusedMatMul", [X, SKIP], 1, {"transB": 1, "alpha": 0.25}),
        ("FusedMatMul", [X, SKIP], 1, {"transA": 1}),
        ("FusedConv", [SOUND, KERNEL], 1, {"activation": "Tanh"}),
        ("SkipLayerNormalization", [X, SKIP, GAMMA], 1, {"epsilon": 1e-5}),
        ("SkipLayerNormalization", [X, SKIP, GAMMA, BETA, BIAS], 4, {"epsilon": 1e-5}),
    ],
)
def test_standard_operators_do_what_the_fused_one_did(
    operator: str, inputs: list[Array], outputs: int, attributes: dict[str, Any]
) -> None:
    names = [f"x{i}" for i in range(len(inputs))]
    results = ["y0", "", "", "y3"][:outputs]
    node = helper.make_node(operator, names, results, domain="com.microsoft", **attributes)
    values = [helper.make_tensor_value_info(n, 1, a.shape) for n, a in zip(names, inputs, strict=True)]
    wanted = [helper.make_tensor_value_info(name, 1, [None] * 3) for name in results if name]
    graph = helper.make_graph([node], "one", values, wanted)
    imports = [helper.make_opsetid("", 18), helper.make_opsetid("com.microsoft", 1)]
    fused = helper.make_model(graph, opset_imports=imports, ir_version=10)
    standard = helper.make_model(ort_fused.lowered(graph), opset_imports=imports[:1], ir_version=10)
    onnx.checker.check_model(standard, full_check=True)
    feeds = dict(zip(names, inputs, strict=True))
    expected, found = (session(model.SerializeToString()).run(None, feeds) for model in (fused, standard))
    for theirs, ours in zip(expected, found, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5)


def test_an_unknown_fused_operator_is_named() -> None:
    node = helper.make_node("BiasGelu", ["x", "b"], ["y"], domain="com.microsoft")
    with pytest.raises(Unsupported, match=r"com\.microsoft\.BiasGelu"):
        ort_fused.lowered(helper.make_graph([node], "one", [], []))


def test_another_file_is_refused() -> None:
    with pytest.raises(BadModel, match="not a model in ORT format"):
        ort.to_onnx(b"\x08\x07\x12\x07pytorch")
