"""Resize: nearest and linear, each output element from its own taps."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hearth.errors import Unsupported
from hearth.runtime.ops.resize import rounding_before_11
from hearth.runtime.plan import Step
from hearth.runtime.webgpu.lower import Lowering, lowers
from hearth.runtime.webgpu.values import Computed, Doubled, strides
from hearth.runtime.webgpu.wgsl import literal

Body = Callable[[Sequence[str]], str]

_HALF_PIXEL = ("half_pixel", "pytorch_half_pixel")


@lowers("Resize", "Upsample")
def resize(low: Lowering, step: Step) -> None:
    node, how = step.node, step.arguments
    low.float_only(node.inputs[0])
    value = low.value(node.inputs[0])
    shape = low.shape(node.outputs[0])
    old = node.op == "Upsample" or node.opset < 11
    mode = _text(how.get("mode", "nearest"))
    coordinates = _text(how.get("coordinate_transformation_mode", "asymmetric" if old else "half_pixel"))
    rounding = _text(how.get("nearest_mode", "" if old else "round_prefer_floor"))
    known = ("nearest", "linear", "bilinear", "cubic")
    if mode not in known or how.get("antialias") or how.get("axes") or how.get("exclude_outside"):
        raise Unsupported(f"resizing by {mode}")
    if _text(how.get("keep_aspect_ratio_policy", "stretch")) != "stretch":
        raise Unsupported("resizing with an aspect ratio policy")
    scales = _scales(low, step, value.shape, shape, old)
    linear, cubic = mode in ("linear", "bilinear"), mode == "cubic"
    changed = [axis for axis in range(len(shape)) if shape[axis] != value.shape[axis] or scales[axis] != 1]
    if not changed:
        return low.set(step, value)
    if mode != "nearest" and len(changed) > 2:
        raise Unsupported("resizing along more than two axes")
    axes = {axis: _position(coordinates, value.shape[axis], shape[axis], scales[axis]) for axis in changed}
    if cubic:
        body = _cubic(value.shape, shape, axes, float(how.get("cubic_coeff_a", -0.75)))
    else:
        roundings = [rounding or rounding_before_11(scales[axis]) for axis in changed]
        body = _linear(value.shape, shape, axes) if linear else _nearest(value.shape, shape, axes, roundings)
    twice = (
        linear
        and coordinates in _HALF_PIXEL
        and len(shape) == 4
        and changed == [2, 3]
        and all(shape[axis] == 2 * value.shape[axis] and scales[axis] == 2 for axis in changed)
    )
    kind = Doubled if twice else Computed
    low.set(step, kind(shape, (value,), body, (16 if cubic else 4) ** len(changed) if mode != "nearest" else 1))


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _scales(low: Lowering, step: Step, source: Sequence[int], target: Sequence[int], old: bool) -> list[float]:
    """The factor of each axis, as the op means it: given, or the ratio of the sizes."""
    if "scales" in step.arguments:
        return [float(item) for item in step.arguments["scales"]]
    inputs = [*step.node.inputs, "", "", ""]
    given = low.constant(inputs[1] if old else inputs[2])
    sizes = low.constant(inputs[3]) if not old else None
    if sizes is not None and sizes.size:
        return [out / size if size else 1.0 for out, size in zip(target, source, strict=True)]
    if given is None or not given.size:
        raise Unsupported("the scales are not constant")
    return [float(item) for item in given.reshape(-1)]


def _position(mode: str, size: int, out: int, scale: float) -> str:
    """WGSL for where the output coordinate `o` lies on an input axis of `size`."""
    match mode:
        case "asymmetric":
            return f"f32(o) * {literal(1 / scale)}"
        case "pytorch_half_pixel" if out == 1:
            return "0.0"
        case "half_pixel" | "pytorch_half_pixel":
            return f"(f32(o) + 0.5) * {literal(1 / scale)} - 0.5"
        case "align_corners":
            return f"f32(o) * {literal((size - 1) / (out - 1) if out > 1 else 0.0)}"
    raise Unsupported(f"resizing with the coordinates '{mode}'")


def _other_terms(source: Sequence[int], target: Sequence[int], changed: Sequence[int]) -> str:
    outer, inner = strides(tuple(target)), strides(tuple(source))
    terms = [
        f"((at / {outer[axis]}u) % {target[axis]}u) * {inner[axis]}u"
        for axis in range(len(target))
        if axis not in changed and target[axis] > 1
    ]
    return " + ".join(terms) or "0u"


def _nearest(source: Sequence[int], target: Sequence[int], axes: dict[int, str], roundings: Sequence[str]) -> Body:
    rounded = {
        "round_prefer_floor": "ceil({} - 0.5)",
        "round_prefer_ceil": "floor({} + 0.5)",
        "floor": "floor({})",
        "ceil": "ceil({})",
    }
    outer, inner = strides(tuple(target)), strides(tuple(source))

    def body(names: Sequence[str]) -> str:
        lines = [f"var place = {_other_terms(source, target, list(axes))};"]
        for (axis, position), rounding in zip(axes.items(), roundings, strict=True):
            lines.append(f"{{ let o = (at / {outer[axis]}u) % {target[axis]}u;")
            lines.append(f"let i = clamp(i32({rounded[rounding].format(f'({position})')}), 0, {source[axis] - 1});")
            lines.append(f"place += u32(i) * {inner[axis]}u; }}")
        return " ".join([*lines, f"return {names[0]}(place);"])

    return body


def _linear(source: Sequence[int], target: Sequence[int], axes: dict[int, str]) -> Body:
    outer, inner = strides(tuple(target)), strides(tuple(source))

    def body(names: Sequence[str]) -> str:
        lines = [f"let base = {_other_terms(source, target, list(axes))};"]
        corners = ["base"]
        weights: list[str] = []
        for number, (axis, position) in enumerate(axes.items()):
            # A coordinate outside of the axis takes the border's value, so clamping it changes nothing.
            lines.append(f"let o{number} = (at / {outer[axis]}u) % {target[axis]}u;")
            lines.append(
                f"let c{number} = clamp({position.replace('(o)', f'(o{number})')}, 0.0, {source[axis] - 1}.0);"
            )
            lines.append(f"let l{number} = u32(c{number}); let h{number} = min(l{number} + 1u, {source[axis] - 1}u);")
            lines.append(f"let w{number} = c{number} - f32(l{number});")
            step = f"{inner[axis]}u"
            corners = [f"{corner} + {side}{number} * {step}" for corner in corners for side in ("l", "h")]
            weights.append(f"w{number}")
        reads = [f"{names[0]}({corner})" for corner in corners]
        for weight in reversed(weights):
            reads = [f"mix({a}, {b}, {weight})" for a, b in zip(reads[::2], reads[1::2], strict=True)]
        return " ".join([*lines, f"return {reads[0]};"])

    return body


def _cubic(source: Sequence[int], target: Sequence[int], axes: dict[int, str], a: float) -> Body:
    """Four taps an axis. Keys, "Cubic Convolution Interpolation for Digital Image Processing", 1981."""
    outer, inner = strides(tuple(target)), strides(tuple(source))
    near = f"fma(fma({literal(a + 2)}, d, {literal(-(a + 3))}), d * d, 1.0)"
    far = f"fma(fma(fma({literal(a)}, d, {literal(-5 * a)}), d, {literal(8 * a)}), d, {literal(-4 * a)})"

    def body(names: Sequence[str]) -> str:
        lines = [f"let base = {_other_terms(source, target, list(axes))};"]
        place, weight, opened = "base", "1.0", ""
        for number, (axis, position) in enumerate(axes.items()):
            lines.append(f"let o{number} = (at / {outer[axis]}u) % {target[axis]}u;")
            lines.append(
                f"let c{number} = {position.replace('(o)', f'(o{number})')}; let f{number} = floor(c{number});"
            )
            lines.append(f"var w{number}: array<f32, 4>;")
            lines.append(f"for (var i = 0; i < 4; i++) {{ let d = abs(c{number} - f{number} - f32(i - 1));")
            lines.append(f"w{number}[i] = select({far}, {near}, d <= 1.0); }}")
            opened += f"for (var i{number} = 0; i{number} < 4; i{number}++) {{ "
            tap = f"clamp(i32(f{number}) + i{number} - 1, 0, {source[axis] - 1})"
            place += f" + u32({tap}) * {inner[axis]}u"
            weight += f" * w{number}[i{number}]"
        lines.append(f"var sum = 0.0; {opened}sum = fma({weight}, {names[0]}({place}), sum); {'} ' * len(axes)}")
        return " ".join([*lines, "return sum;"])

    return body
