"""Collects the conformance suite of the onnx package into one zip that the runner can read without `onnx`.

The zip holds the suite's own on-disk format: `<suite>/<test>/model.onnx` and `<suite>/<test>/data_<n>/input_<i>.pb`.
The node tests make their data when they are imported, which takes ten seconds; the zip is read in a fraction of one.
"""

from __future__ import annotations

import json
import os
import warnings
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import ModelProto, OptionalProto, SequenceProto, TensorProto, TypeProto, numpy_helper
from onnx.backend.test.loader import load_model_tests

ROOT = Path(__file__).resolve().parents[2]
SUITES = ("node", "simple", "pytorch-converted", "pytorch-operator")


def _proto(value: Any, kind: TypeProto) -> bytes:
    """A value as the message that its declared type asks for."""
    if isinstance(value, TensorProto | SequenceProto | OptionalProto):
        return value.SerializeToString()
    if kind.HasField("optional_type"):
        return numpy_helper.from_optional(value).SerializeToString()
    if kind.HasField("sequence_type"):
        return numpy_helper.from_list(list(value)).SerializeToString()
    return numpy_helper.from_array(np.asarray(value)).SerializeToString()


def _files(case: Any) -> Iterable[tuple[str, bytes]]:
    """(name, content) of every file of a test."""
    if case.model_dir is not None:
        folder = Path(case.model_dir)
        yield "model.onnx", (folder / "model.onnx").read_bytes()
        for number, data in enumerate(sorted(folder.glob("test_data_set_*"))):
            for file in sorted(data.glob("*.pb")):
                yield f"data_{number}/{file.name}", file.read_bytes()
        return
    model: ModelProto = case.model
    yield "model.onnx", model.SerializeToString()
    for number, (inputs, outputs) in enumerate(case.data_sets):
        for side, values, infos in (
            ("input", inputs, model.graph.input),
            ("output", outputs, model.graph.output),
        ):
            for at, (value, info) in enumerate(zip(values, infos, strict=True)):
                yield f"data_{number}/{side}_{at}.pb", _proto(value, info.type)


def suite_file(folder: Path = ROOT / "build" / "conformance") -> Path:
    """The zip for the installed onnx, made where it is not there yet."""
    target = folder / f"onnx-{onnx.__version__}.zip"
    if target.exists():
        return target
    folder.mkdir(parents=True, exist_ok=True)
    part = target.with_suffix(f".{os.getpid()}.part")
    with warnings.catch_warnings(), zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
        warnings.simplefilter("ignore")
        for suite in SUITES:
            for case in sorted(load_model_tests(kind=suite), key=lambda case: case.name):
                for name, content in _files(case):
                    archive.writestr(f"{suite}/{case.name}/{name}", content)
                if (case.rtol, case.atol) != (1e-3, 1e-7):
                    tolerance = json.dumps({"rtol": case.rtol, "atol": case.atol})
                    archive.writestr(f"{suite}/{case.name}/tolerance.json", tolerance)
    part.replace(target)
    return target
