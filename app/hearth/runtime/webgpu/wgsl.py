"""Kernel sources: WGSL files that are valid as they stand, baked for one shape.

A file opens with `const NAME = value;` lines. Baking gives some of them other values and follows the directives, which
are comments to WGSL:

    // #unroll            repeats the body of the `for` on the next line, its counter replaced by numbers
    // #if CONDITION      keeps the lines up to `// #else` or `// #end` if the condition over constants holds

Unrolled, an array indexed by counters is indexed by constants, so that every driver keeps it in registers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

Constants = Mapping[str, int | float | bool]

_CONST = re.compile(r"const (\w+) = (.+);$")
_NAME = re.compile(r"[A-Z]\w+")
_UNSIGNED = re.compile(r"\d+u\b")
_FOR = re.compile(r"for \(var (\w+) = ([^;]+); \1 < ([^;]+); \1(\+\+| \+= ([^)]+))\) \{$")
_SUFFIX = re.compile(r"\b(\d+)[uif]\b")
_HELPERS = {"select": lambda no, yes, condition: yes if condition else no, "min": min, "max": max}


@cache
def source(name: str) -> str:
    """The text of `kernels/<name>.wgsl`."""
    return files(__package__).joinpath("kernels").joinpath(f"{name}.wgsl").read_text("utf-8")


def literal(value: int | float | bool) -> str:
    """A number as WGSL writes it; integers are u32 where they are not negative."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return f"{value}u" if value >= 0 else str(value)
    if value != value or value in (float("inf"), float("-inf")):
        # WGSL has no literal for these and may refuse a constant expression that makes one.
        bits = "0x7f800000u" if value > 0 else "0xff800000u" if value < 0 else "0x7fc00000u"
        return f"bitcast<f32>({bits})"
    text = repr(float(value))
    return f"{text}f"


def bake(name: str, constants: Constants) -> str:
    """A kernel's text with its constants set, conditions resolved and loops unrolled.

    Raises KeyError for a constant that the file does not open with.
    """
    lines = [line.strip() for line in source(name).splitlines()]
    lines = [line for line in lines if line and (not line.startswith("//") or line.startswith("// #"))]
    known: dict[str, int | float | bool] = {}
    unsigned: set[str] = set()
    text: list[str] = []
    for line in lines:
        match = _CONST.match(line.partition("//")[0].strip() if not line.startswith("//") else "")
        if match is None:
            text.append(line)
            continue
        title, given = match.groups()
        value = constants[title] if title in constants else _evaluate(given, known)
        known[title] = value
        if _UNSIGNED.search(given) or unsigned & set(_NAME.findall(given)):
            unsigned.add(title)
        signed = isinstance(value, int) and not isinstance(value, bool) and title not in unsigned
        text.append(f"const {title} = {value if signed else literal(value)};")
    for title in constants:
        if title not in known:
            raise KeyError(f"kernels/{name}.wgsl has no constant {title}")
    return "\n".join(_unroll(_choose(text, known), known))


def _evaluate(expression: str, known: Constants) -> int | float | bool:
    plain = _SUFFIX.sub(r"\1", expression).replace("/", "//").replace("&&", " and ").replace("||", " or ")
    plain = re.sub(r"\b(u32|i32)\(", "(", plain)
    plain = re.sub(r"!(?!=)", " not ", plain).replace("true", "True").replace("false", "False")
    if re.fullmatch(r"-?\d+\.\d*", plain):
        return float(plain)
    result: int | float | bool = eval(plain, {"__builtins__": {}}, {**_HELPERS, **known})
    return result


def _choose(lines: list[str], known: Constants) -> list[str]:
    """Follows `#if`, `#else`, `#end`."""
    kept: list[str] = []
    states: list[bool] = []
    for line in lines:
        if line.startswith("// #if "):
            states.append(bool(_evaluate(line[7:], known)))
        elif line == "// #else":
            states[-1] = not states[-1]
        elif line == "// #end":
            states.pop()
        elif all(states):
            kept.append(line)
    return kept


def _unroll(lines: list[str], known: Constants) -> list[str]:
    """Follows `#unroll`, from the outside in."""
    result: list[str] = []
    position = 0
    while position < len(lines):
        if lines[position] != "// #unroll":
            result.append(lines[position])
            position += 1
            continue
        match = _FOR.match(lines[position + 1])
        if match is None:
            raise ValueError(f"not a loop that can be unrolled: {lines[position + 1]}")
        counter, start, end, _, step = match.groups()
        stop = _closing(lines, position + 1)
        body = lines[position + 2 : stop]
        word = re.compile(rf"\b{counter}\b")
        for value in range(
            int(_evaluate(start, known)), int(_evaluate(end, known)), int(_evaluate(step, known)) if step else 1
        ):
            repeated = [word.sub(str(value), line) for line in body]
            result += ["{", *_unroll(repeated, known), "}"]
        position = stop + 1
    return result


def _closing(lines: list[str], opening: int) -> int:
    """The line of the brace that closes the block which `lines[opening]` opens."""
    depth = 0
    for position in range(opening, len(lines)):
        depth += lines[position].count("{") - lines[position].count("}")
        if depth == 0:
            return position
    raise ValueError(f"the block is never closed: {lines[opening]}")
