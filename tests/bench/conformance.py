"""Prints how many tests of the ONNX conformance suite an executor passes, by category and by op."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

from tests.conformance.collect import suite_file
from tests.conformance.pyodide import run_in_pyodide
from tests.conformance.suite import describe, read_suite, run_case

Counts = dict[str, Counter[str]]


def table(title: str, counts: Counts) -> Iterable[str]:
    """One line a row with passed of all, and what became of the others; rows with misses first."""
    width = max(len(name) for name in (*counts, title))
    yield f"{title:{width}}   pass    of"
    for name, row in sorted(counts.items(), key=lambda item: (item[1]["pass"] == item[1].total(), item[0])):
        rest = ", ".join(f"{count} {outcome}" for outcome, count in sorted(row.items()) if outcome != "pass")
        yield f"{name:{width}}  {row['pass']:5} {row.total():5}  {rest}".rstrip()


def main(argv: Sequence[str]) -> int:
    """Runs the suite; returns 0. `--json FILE` writes one object a test: test, executor, outcome, reason."""
    parser = argparse.ArgumentParser(prog="bench conformance", description=__doc__)
    parser.add_argument("--executor", default="numpy", help="numpy, wasm or webgpu")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write one object a test")
    parser.add_argument("--suite", type=Path, metavar="ZIP", help="a collected suite; default: of the installed onnx")
    parser.add_argument("--only", default="", metavar="TEXT", help="tests whose name contains this")
    parser.add_argument("--pyodide", action="store_true", help="inside Pyodide, under Node")
    parser.add_argument("--misses", action="store_true", help="list what does not pass, with its reason")
    options = parser.parse_args(argv)
    cases = read_suite(options.suite or suite_file())
    chosen = {name: case for name, case in cases.items() if options.only in name}
    started = time.perf_counter()
    if options.pyodide:
        everything = dict(zip(cases, run_in_pyodide(options.executor), strict=True))
        results = [everything[name] for name in chosen]
    else:
        results = [run_case(case, options.executor) for case in chosen.values()]
    seconds = time.perf_counter() - started
    if options.json:
        options.json.write_text(json.dumps([asdict(result) for result in results], indent=1) + "\n")
    groups: dict[str, Counts] = {name: defaultdict(Counter) for name in ("suite", "category", "op")}
    for case, result in zip(chosen.values(), results, strict=True):
        category, op = describe(case, cases)
        for group, key in (("suite", case.suite), ("category", category), ("op", op)):
            groups[group][key][result.outcome] += 1
    for title, counts in groups.items():
        print(*table(title, counts), "", sep="\n")
    if options.misses:
        missed = [result for result in results if result.outcome != "pass"]
        print(*(f"{item.outcome:11} {item.test}: {item.reason}" for item in missed), "", sep="\n")
    passed = sum(result.outcome == "pass" for result in results)
    print(f"{passed} of {len(results)} pass on {options.executor}, in {seconds:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
