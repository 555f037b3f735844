"""Prints how many tests of the ONNX conformance suite the executors pass, by category and by op.

`pass` is right and wholly on the executor, `partly` is right too, but numpy runs some of the ops. WebGPU runs natively,
on a software adapter where there is no other.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from hearth.runtime.executors import EXECUTORS
from hearth.runtime.webgpu.desk import ALLOW_SOFTWARE
from tests.conformance.collect import suite_file
from tests.conformance.pyodide import run_in_pyodide
from tests.conformance.suite import Case, Result, describe, read_suite, run_case, write_misses

Counts = dict[str, dict[str, Counter[str]]]
"""Row -> executor -> how many tests came out how."""
OUTCOMES = ("pass", "partly", "wrong", "error", "unsupported")


def counted(results: Sequence[Result], chosen: Mapping[str, Case], cases: Mapping[str, Case]) -> dict[str, Counts]:
    """The tables by suite, category and op."""
    places = {case.name: (case.suite, *describe(case, cases)) for case in chosen.values()}
    titles = ("suite", "category", "op")
    tables: dict[str, Counts] = {title: defaultdict(lambda: defaultdict(Counter)) for title in titles}
    for result in results:
        for table, row in zip(tables.values(), places[result.test], strict=True):
            table[row][result.executor][result.outcome] += 1
    return tables


def table(title: str, counts: Counts, executors: Sequence[str]) -> Iterable[str]:
    """One line a row: of all tests, for each executor, how many it passes and what became of the others."""
    width = max(len(name) for name in (*counts, title))
    yield f"{title:{width}}     of" + "".join(f"  {name:>7} {'partly':>6} {'missed':>6}" for name in executors)
    for name, row in sorted(counts.items()):
        cells = []
        for executor in executors:
            found = row[executor]
            missed = found.total() - found["pass"] - found["partly"]
            cells.append(f"  {found['pass']:7} {found['partly'] or '':>6} {missed or '':>6}")
        yield f"{name:{width}}  {next(iter(row.values())).total():5}{''.join(cells)}".rstrip()


def main(argv: Sequence[str]) -> int:
    """Runs the suite; returns 0. `--json FILE` writes one object a test: test, executor, outcome, reason."""
    parser = argparse.ArgumentParser(prog="bench conformance", description=__doc__)
    parser.add_argument("--executor", action="append", choices=list(EXECUTORS), help="one of them; default: all")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write one object a test and executor")
    parser.add_argument("--suite", type=Path, metavar="ZIP", help="a collected suite; default: of the installed onnx")
    parser.add_argument("--only", default="", metavar="TEXT", help="tests whose name contains this")
    parser.add_argument("--pyodide", action="store_true", help="inside Pyodide, under Node (numpy and wasm)")
    parser.add_argument("--misses", action="store_true", help="list what does not pass, with its reason")
    parser.add_argument("--note", action="store_true", help="write the lists of known misses of wasm and webgpu anew")
    options = parser.parse_args(argv)
    os.environ.setdefault(ALLOW_SOFTWARE, "1")
    cases = read_suite(options.suite or suite_file())
    chosen = {name: case for name, case in cases.items() if options.only in name}
    executors = options.executor or [name for name in EXECUTORS if not (options.pyodide and name == "webgpu")]
    results: list[Result] = []
    seconds: dict[str, float] = {}
    for executor in executors:
        started = time.perf_counter()
        if options.pyodide:
            everything = dict(zip(cases, run_in_pyodide(executor), strict=True))
            results += [everything[name] for name in chosen]
        else:
            results += [run_case(case, executor) for case in chosen.values()]
        seconds[executor] = time.perf_counter() - started
    if options.json:
        options.json.write_text(json.dumps([asdict(result) for result in results], indent=1) + "\n")
    for title, counts in counted(results, chosen, cases).items():
        print(*table(title, counts, executors), "", sep="\n")
    if options.misses:
        missed = [result for result in results if result.outcome != "pass"]
        print(*(f"{item.executor:6}  {item.outcome:11} {item.test}: {item.reason}" for item in missed), "", sep="\n")
    if options.note:
        print(*write_misses(results), "", sep="\n")
    for executor in executors:
        found = Counter(result.outcome for result in results if result.executor == executor)
        words = ", ".join(f"{found[outcome]} {outcome}" for outcome in OUTCOMES if found[outcome])
        right = found["pass"] + found["partly"]
        print(f"{executor}: {right} of {found.total()} right ({words}), {seconds[executor]:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
