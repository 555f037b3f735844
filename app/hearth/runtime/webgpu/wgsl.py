"""Kernel sources: WGSL files that are valid as they stand, baked for one shape.

A file opens with `const NAME = value;` lines. Baking gives some of them other values and follows the directives, which
are comments to WGSL:

    const WIDTH = 8; // #uniform    the value comes from the kernel's uniforms, so that shapes share one shader
    // #unroll                      repeats the body of the `for` on the next line, its counter replaced by numbers
    // #if CONDITION                keeps the lines up to `// #else` or `// #end` if the condition over constants holds
    alias NAME = f32;               a type that may be another: f16 for what lies in memory as halves

Integers computed from uniforms are uniforms too, computed here. Unrolled, an array indexed by counters is indexed by
constants, so that every driver keeps it in registers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import CodeType

Numbers = Mapping[str, int | float | bool]
Constants = Mapping[str, int | float | bool | str]
"""Values of constants, and types of aliases."""

_CONST = re.compile(r"const (\w+) = (.+);$")
_ALIAS = re.compile(r"alias (\w+) = f32;$")
_NAME = re.compile(r"\b[A-Z]\w*")
_UNSIGNED = re.compile(r"\d+u\b")
_FOR = re.compile(r"for \(var (\w+) = ([^;]+); \1 < ([^;]+); \1(\+\+| \+= ([^)]+))\) \{$")
_SUFFIX = re.compile(r"\b(\d+)[uif]\b")
_BARE = {"__builtins__": {}, "select": lambda no, yes, condition: yes if condition else no, "min": min, "max": max}


@cache
def source(name: str) -> str:
    """The text of `kernels/<name>.wgsl` here, or of `<package>/<name>` in the folder `kernels` of that package."""
    package, _, file = name.rpartition("/")
    return files(package or __package__).joinpath("kernels").joinpath(f"{file}.wgsl").read_text("utf-8")


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


@dataclass(frozen=True)
class Uniform:
    """A number that a kernel reads at run time; `kind` is `u32` or `i32`."""

    kind: str
    value: int


@dataclass(frozen=True)
class Baked:
    """A kernel's text, and the uniforms that it reads as `shape.NAME`."""

    text: str
    uniforms: dict[str, Uniform]


@dataclass(frozen=True)
class _Constant:
    name: str
    value: CodeType
    signed: bool
    uniform: bool


@dataclass(frozen=True)
class _Kernel:
    constants: tuple[_Constant, ...]
    lines: tuple[str, ...]
    asked: frozenset[str]
    """Constants that directives ask for."""
    aliases: frozenset[str]
    """Types that may be set."""


def bake(name: str, constants: Constants, prefix: str = "") -> Baked:
    """A kernel with its constants set, conditions resolved and loops unrolled; `prefix` opens the uniforms' names.

    Raises KeyError for a constant or an alias that the file does not have.
    """
    kernel = _parse(name)
    types = {title: value for title, value in constants.items() if isinstance(value, str)}
    numbers = {title: value for title, value in constants.items() if not isinstance(value, str)}
    known: dict[str, int | float | bool] = {}
    uniforms: dict[str, Uniform] = {}
    fixed: list[tuple[str, int | float | bool]] = []
    for constant in kernel.constants:
        title = constant.name
        value = numbers[title] if title in numbers else eval(constant.value, _BARE, known)
        known[title] = value
        uniform = constant.uniform and not isinstance(value, bool)
        if uniform:
            uniforms[prefix + title] = Uniform("i32" if constant.signed else "u32", int(value))
        if not uniform or title in kernel.asked:
            fixed.append((title, value))
    for title in constants:
        if title not in known and title not in kernel.aliases:
            raise KeyError(f"kernels/{name}.wgsl has no constant {title}")
    text = _text(name, prefix, tuple(fixed), frozenset(uniforms))
    for title, kind in types.items():
        text = text.replace(f"alias {title} = f32;", f"alias {title} = {kind};")
    return Baked(text, uniforms)


@cache
def _parse(name: str) -> _Kernel:
    lines = [line.strip() for line in source(name).splitlines()]
    constants: list[_Constant] = []
    text: list[str] = []
    unsigned: set[str] = set()
    uniform: set[str] = set()
    for line in lines:
        statement, _, remark = line.partition("//")
        match = _CONST.match(statement.strip())
        if match is None:
            if line and (not line.startswith("//") or line.startswith("// #")):
                text.append(statement.strip() if _ALIAS.match(statement.strip()) else line)
            continue
        title, given = match.groups()
        names = set(_NAME.findall(given))
        if _UNSIGNED.search(given) or unsigned & names:
            unsigned.add(title)
        if "#uniform" in remark or uniform & names:
            uniform.add(title)
        constants.append(_Constant(title, _python(given), title not in unsigned, title in uniform))
    directives = [
        line for number, line in enumerate(text) if line.startswith("// #") or text[number - 1] == "// #unroll"
    ]
    aliases = frozenset(match[1] for line in text if (match := _ALIAS.match(line)))
    return _Kernel(tuple(constants), tuple(text), frozenset(_NAME.findall(" ".join(directives))), aliases)


@cache
def _text(name: str, prefix: str, fixed: tuple[tuple[str, int | float | bool], ...], uniforms: frozenset[str]) -> str:
    kernel, known = _parse(name), dict(fixed)
    lines = _unroll(_choose(list(kernel.lines), known), known)
    signed = {constant.name for constant in kernel.constants if constant.signed}
    numbers = {
        title: str(value) if title in signed and not isinstance(value, bool | float) else literal(value)
        for title, value in fixed
        if prefix + title not in uniforms
    }
    places = {name.removeprefix(prefix): f"shape.{name}" for name in uniforms}
    if prefix:  # one of several in a kernel: its constants have no lines of their own
        places |= numbers
    else:
        lines = [*(f"const {title} = {number};" for title, number in numbers.items()), *lines]
    return _NAME.sub(lambda match: places.get(match.group(), match.group()), "\n".join(lines))


@cache
def _python(expression: str) -> CodeType:
    """A WGSL expression over constants as Python."""
    plain = _SUFFIX.sub(r"\1", expression).replace("/", "//").replace("&&", " and ").replace("||", " or ")
    plain = re.sub(r"\b(u32|i32)\(", "(", plain)
    plain = re.sub(r"!(?!=)", " not ", plain).replace("true", "True").replace("false", "False")
    if re.fullmatch(r"-?\d+\.\d*", plain.replace("//", "/")):
        plain = plain.replace("//", "/")
    return compile(plain, expression, "eval")


def _evaluate(expression: str, known: Numbers) -> int | float | bool:
    result: int | float | bool = eval(_python(expression), _BARE, dict(known))
    return result


def _choose(lines: list[str], known: Numbers) -> list[str]:
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


def _unroll(lines: list[str], known: Numbers) -> list[str]:
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
