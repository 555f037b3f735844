"""What `explain` prints, and what it says of programs that hand steps on."""

from __future__ import annotations

import numpy as np
import pytest

from hearth.errors import Unsupported
from hearth.runtime import InferenceSession
from hearth.runtime.executors import EXECUTORS
from tests.runtime.graphs import Builder, floats


def test_every_step_has_a_line_with_its_place_and_types() -> None:
    b = Builder(x=(1, 4))
    graph = b.done(b.node("Softmax", b.node("Relu", b.node("MatMul", "x", floats(4, 3)))))
    lines = InferenceSession(graph, "numpy").explain().splitlines()
    assert "x: tensor(float)[1, 4]" in lines[0]
    assert "2 steps, 2 on numpy" in lines[0]
    assert lines[1] == "numpy: steps 0 to 1"
    assert "MatMul + Relu" in lines[2]
    assert "tensor(float)[1, 3]" in lines[2]
    assert "Softmax" in lines[3]


def test_steps_that_an_executor_hands_on_are_told_apart() -> None:
    try:
        EXECUTORS["wasm"]()
    except Unsupported:
        pytest.skip("there are no kernels here")
    b = Builder(x=(3, 4))
    found = b.node("Cast", b.node("NonZero", b.node("Relu", "x")), to=1)
    session = InferenceSession(b.done(found, b.node("Exp", "x")), "wasm")
    session.run(None, {"x": floats(3, 4)})
    told = {line.split()[1] for line in session.explain().splitlines() if line.startswith("   ")}
    assert told == {"wasm", "numpy"}


def test_a_model_whose_shapes_come_with_the_first_run_says_so() -> None:
    try:
        EXECUTORS["wasm"]()
    except Unsupported:
        pytest.skip("there are no kernels here")
    b = Builder(x=("n", 4))
    session = InferenceSession(b.done(b.node("Relu", "x")), "wasm")
    assert "Nothing is compiled yet" in session.explain()
    for rows in (2, 3):
        session.run(None, {"x": np.ones((rows, 4), np.float32)})
    assert "[2, 4]" in session.explain()
    assert "[3, 4]" in session.explain()
