"""Strings. An array of strings has dtype object and holds Python's str."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy import ndarray as Array

from hearth.runtime.limits import LIMITS, tick
from hearth.runtime.ops.pattern import Pattern
from hearth.runtime.ops.registry import Operand, op
from hearth.runtime.ops.rules import broadcast
from hearth.runtime.types import TensorType

STRING = np.dtype(object)


def strings(items: Sequence[str], shape: Sequence[int]) -> Array:
    """Strings as an array of this shape."""
    array = np.empty(len(items), object)
    array[:] = items
    return array.reshape(shape)


def _bool_rule(x: Operand, **_: object) -> TensorType:
    return TensorType(np.dtype(np.bool_), x.shape)


@op("StringConcat", rule=broadcast)
def string_concat(a: Array, b: Array) -> Array:
    longest = sum(max(map(len, strings.reshape(-1)), default=0) for strings in (a, b))
    if longest * max(a.size, b.size) > LIMITS.tensor_bytes:
        raise ValueError(f"strings of {longest} characters are more than fits")
    return np.asarray(a + b, object)


@op("RegexFullMatch", rule=_bool_rule)
def regex_full_match(x: Array, *, pattern: str) -> Array:
    matches = Pattern(pattern).fullmatch
    return np.array([matches(item) for item in x.reshape(-1)], np.bool_).reshape(x.shape)


@op("StringSplit", data_dependent=True)
def string_split(x: Array, *, delimiter: str = "", maxsplit: int | None = None) -> tuple[Array, Array]:
    """(parts (*shape, most parts), padded with empty strings; how many each has). No delimiter: at white space."""
    most = -1 if maxsplit is None else maxsplit
    rows = [item.split(delimiter or None, most) if item else [] for item in x.reshape(-1)]
    width = max(map(len, rows), default=0)
    flat = [part for row in rows for part in row + [""] * (width - len(row))]
    counts = np.array([len(row) for row in rows], np.int64).reshape(x.shape)
    return strings(flat, (*x.shape, width)), counts


@op("StringNormalizer", data_dependent=True)
def string_normalizer(
    x: Array,
    *,
    case_change_action: str = "NONE",
    is_case_sensitive: int = 0,
    locale: str = "",
    stopwords: Sequence[str] = (),
) -> Array:
    """x (C,) or (1, C) without the stop words and in one case; one empty string where nothing is left."""
    changes: dict[str, Callable[[str], str]] = {"LOWER": str.lower, "UPPER": str.upper, "NONE": str}
    change = changes[case_change_action]
    fold: Callable[[str], str] = str if is_case_sensitive else str.lower
    if x.ndim not in (1, 2) or (x.ndim == 2 and x.shape[0] != 1):
        raise ValueError("the strings must have the shape (C,) or (1, C)")
    banned = {fold(word) for word in stopwords}
    kept = [change(item) for item in x.reshape(-1) if fold(item) not in banned] or [""]
    return strings(kept, (1,) * (x.ndim - 1) + (len(kept),))


def _weights_by_ngram(
    pool: Sequence[object], counts: Sequence[int], lengths: tuple[int, int]
) -> dict[tuple[object, ...], int]:
    """Every n-gram of the pool of the wanted lengths with its number. `counts[n - 1]` is where n-grams start."""
    table: dict[tuple[object, ...], int] = {}
    number = 0
    starts = [*counts, len(pool)]
    if list(starts) != sorted(starts) or starts[0] < 0:
        raise ValueError(f"the counts {list(counts)} do not part a pool of {len(pool)}")
    for n, start in enumerate(counts, 1):
        end = starts[n]
        for at in range(start, end, n):
            if lengths[0] <= n <= lengths[1]:
                table[tuple(pool[at : at + n])] = number
            number += 1
    return table


@op("TfIdfVectorizer", data_dependent=True)
def tf_idf_vectorizer(
    x: Array,
    *,
    max_gram_length: int,
    max_skip_count: int,
    min_gram_length: int,
    mode: str,
    ngram_counts: Sequence[int],
    ngram_indexes: Sequence[int],
    pool_int64s: Sequence[int] | None = None,
    pool_strings: Sequence[str] | None = None,
    weights: Sequence[float] | None = None,
) -> Array:
    """x (C,) or (N, C) of tokens -> how often each n-gram of the pool occurs in a row, (size,) or (N, size).

    An n-gram may skip the same number of tokens, up to `max_skip_count`, between any two of its tokens.
    """
    pool: Sequence[object] = pool_strings if pool_strings is not None else pool_int64s or ()
    table = _weights_by_ngram(pool, ngram_counts, (min_gram_length, max_gram_length))
    rows = x.reshape(-1, x.shape[-1]) if x.ndim else x.reshape(1, 1)
    counts = np.zeros((len(rows), max(ngram_indexes, default=-1) + 1), np.float32)
    for row, tokens in zip(counts, rows.tolist(), strict=True):
        for n in range(max(1, min_gram_length), min(max_gram_length, len(tokens)) + 1):
            # Single tokens have nothing to skip.
            for gap in range(1, 2 if n == 1 else min(max_skip_count, len(tokens)) + 2):
                tick()
                for start in range(len(tokens) - gap * (n - 1)):
                    number = table.get(tuple(tokens[start : start + gap * (n - 1) + 1 : gap]))
                    if number is not None:
                        row[ngram_indexes[number]] += 1
    scale = np.ones(counts.shape[1], np.float32)
    if weights is not None:
        scale[list(ngram_indexes)] = weights
    match mode:
        case "TF":
            values = counts
        case "IDF":
            values = (counts > 0) * scale
        case "TFIDF":
            values = counts * scale
        case _:
            raise ValueError(f"the mode '{mode}' is none of TF, IDF, TFIDF")
    return np.asarray(values, np.float32).reshape((*x.shape[:-1], counts.shape[1]))
