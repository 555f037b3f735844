"""Regular expressions that are linear in time say what Python's `re` says, where that answers at all."""

import re

import pytest

from hearth.runtime.ops.pattern import Pattern

PATTERNS = [
    r"(\W|^)[\w.\-]{0,25}@(yahoo|gmail)\.com(\W|$)",
    r"[a-z]+(\.[a-z]+)*",
    r"(a|b)*c?",
    r"a{2,3}b{2}",
    r"a{2,}",
    r"(?i)ABC",
    r"a.c",
    r"(?s)a.c",
    r"\bfoo\b",
    r"foo\b.*",
    r"[^a]+",
    r"a|",
    r"(?:x|y)+?z",
    r"(?P<name>x)y",
    r"[\]a-c]+",
    r"\d+\s\w*",
    r"\.\*\x41",
    r"^a$",
    "",
]
TEXTS = [
    *(
        "",
        "a",
        "aa",
        "aaaa",
        "ab",
        "abc",
        "ABC",
        "aab",
        "aabb",
        "aaabb",
        "foo",
        "foo bar",
        "axc",
        "a\nc",
        "xyz",
        "xyxz",
    ),
    *("a.b.c", "me@gmail.com", " me@yahoo.com", "bb", "]ab", "12 q", ".*A", "ccc", "abab", "ababc", "xy"),
]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_the_answers_are_those_of_re(pattern: str) -> None:
    compiled = Pattern(pattern)
    for text in TEXTS:
        assert compiled.fullmatch(text) == (re.fullmatch(pattern, text) is not None), text


def test_nested_repeats_take_no_time() -> None:
    assert not Pattern("(a+)+b").fullmatch("a" * 5000)
    assert Pattern("(a+)+b").fullmatch("a" * 5000 + "b")


@pytest.mark.parametrize(
    "pattern", ["(", ")", "*a", "a{3,2}", "a{5000}", "(?=a)b", r"(a)\1", "[z-a]", "((((a{900}){900}))"]
)
def test_what_is_wrong_or_not_linear_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="pattern"):
        Pattern(pattern)
