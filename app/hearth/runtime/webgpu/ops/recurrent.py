"""RNN, GRU and LSTM: the inputs' share of all steps as one product, then the steps in one kernel."""

from __future__ import annotations

from collections.abc import Sequence

from hearth.errors import Unsupported
from hearth.runtime.plan import Step
from hearth.runtime.webgpu.epilogue import Applied
from hearth.runtime.webgpu.expressions import UNARY, expression
from hearth.runtime.webgpu.lower import Lowering, lowers
from hearth.runtime.webgpu.ops.products import product
from hearth.runtime.webgpu.values import Computed, Interface, Stored, Tensor, Value, reshaped, viewed

_GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}
_ACTIVATIONS = {"RNN": ["Tanh"], "GRU": ["Sigmoid", "Tanh"], "LSTM": ["Sigmoid", "Tanh", "Tanh"]}
_BY_NAME = {name.lower(): name for name in UNARY}
MAX_THREADS = 256


@lowers(*_GATES)
def recurrent(low: Lowering, step: Step) -> None:
    node, how, builder = step.node, step.arguments, low.builder
    names = [*node.inputs, *[""] * 8]
    x_name, w_name, r_name, b_name, lengths, h0, c0, peep = names[:8]
    low.float_only(x_name, w_name, r_name, b_name, h0, c0)
    if lengths or peep or how.get("layout") or how.get("clip") or how.get("input_forget") or step.epilogue:
        raise Unsupported("a recurrent layer with lengths, peepholes, clipping or another layout")
    if how.get("activation_alpha") or how.get("activation_beta"):
        raise Unsupported("activations with numbers of their own")
    gates = _GATES[node.op]
    (steps, batch, width), (directions, rows, hidden) = low.shape(x_name), low.shape(r_name)
    late = bool(how.get("linear_before_reset", 0))
    memory = 4 * (rows + 2 * hidden)
    if memory > low.limits.maxComputeWorkgroupStorageSize:
        raise Unsupported("a recurrent layer whose state is larger than a workgroup's memory")
    activations = _activations(node.op, how.get("activations"), directions)
    x = reshaped(low.value(x_name), (1, steps * batch, width))
    weights = viewed(low.value(w_name), (directions, width, rows), (rows * width, 1, width))
    bias = low.value(b_name) if b_name else None
    added = (
        [] if bias is None else [Applied("Add", ("value", _bias(bias, directions, rows, hidden, late)), {}, (), "v")]
    )
    given = product(low, x, weights, (directions,), added)

    interface = Interface()
    arrays = {"gates": interface.array(given.tensor), "weights": interface.array(_state_weights(low, r_name))}
    zero = "return 0.0;"
    parts = [f"fn {name}(x: f32) -> f32 {{ return {text}; }}" for name, text in activations.items()]
    firsts = {"first_h": h0, "first_c": c0 if gates == 4 else "", "late": b_name if late else ""}
    for function, name in firsts.items():
        body = f"return {interface.function(builder.readable(low.value(name), 7))}(at);" if name else zero
        parts.append(f"fn {function}(at: u32) -> f32 {{ {body} }}")
    output = builder.new((steps, directions, batch, hidden))
    lasts = {name: builder.new((directions, batch, hidden)) for name in ("last_h", "last_c")[: 1 + (gates == 4)]}
    interface.output(output.tensor)
    for name, stored in lasts.items():
        interface.output(stored.tensor, name)
    backward = {"forward": 2, "reverse": 0, "bidirectional": 1}[_text(how.get("direction", "forward"))]
    constants = {
        "HIDDEN": hidden,
        "GATES": gates,
        "LATE": late,
        "STEPS": steps,
        "BATCH": batch,
        "DIRECTIONS": directions,
        "BACKWARD": backward,
        "THREADS": min(MAX_THREADS, low.limits.invocations, -(-rows // 32) * 32),
    }
    flops = 2 * steps * batch * directions * rows * hidden
    label = f"{node.op.lower()} {steps}x{batch}x{hidden}"
    builder.call(
        "recurrent", constants, interface, (batch, directions, 1), label, flops=flops, parts=parts, names=arrays
    )
    for name, stored in zip(node.outputs, (output, *lasts.values()), strict=False):
        if name:
            low.define(name, stored)


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _activations(op: str, given: Sequence[object] | None, directions: int) -> dict[str, str]:
    """WGSL of the three activations over `x`; those of both directions must be the same."""
    usual = _ACTIVATIONS[op]
    names = [_text(name) for name in given] if given else usual * directions
    chosen = names[: len(usual)]
    if names != chosen * directions or any(name.lower() not in _BY_NAME for name in chosen):
        raise Unsupported(f"the activations {', '.join(names)}")
    texts = [expression(_BY_NAME[name.lower()], ["x"], {}) for name in chosen]
    return dict(zip(("squash", "bend", "unfold"), [*texts, "x", "x"], strict=False))


def _bias(bias: Value, directions: int, rows: int, hidden: int, late: bool) -> Value:
    """Both biases together; that of the state's product with a late reset stays behind for the kernel."""
    kept = 2 * hidden if late else rows

    def body(names: Sequence[str]) -> str:
        return (
            f"let d = at / {rows}u; let r = at % {rows}u; let first = {names[0]}(d * {2 * rows}u + r); "
            f"if (r >= {kept}u) {{ return first; }} return first + {names[0]}(d * {2 * rows}u + {rows}u + r);"
        )

    return Computed((directions, 1, rows), (bias,), body, 2)


def _state_weights(low: Lowering, name: str) -> Tensor:
    """The weights of the state with gates innermost, so that neighbours read neighbours."""
    directions, rows, hidden = low.shape(name)
    turned = viewed(low.value(name), (directions, hidden, rows), (rows * hidden, 1, hidden))
    if low.constant(name) is None:
        return low.builder.whole(turned).tensor
    key = ("recurrent", name)
    packed: Stored = low.builder.packed(
        key, directions * rows * hidden, lambda target: low.builder.fill(target, turned)
    )
    return packed.tensor
