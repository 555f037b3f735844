"""The pool of workers in Chromium: the same results as one thread, also when workers die or memory runs out."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.browser.browsers import start_chromium
from web.serve import SiteServer

pytestmark = pytest.mark.desk
PAGE = Path(__file__).with_name("threads_page")
WEB = Path(__file__).parents[2] / "web"
LONGEST = 300  # seconds to wait for the page


def model() -> bytes:
    """Every kind of kernel that splits its work, one after the other, some of them writing in place.

    Its end is a view that runs backwards, read by an op that numpy does.
    """
    from onnx import TensorProto, helper, numpy_helper

    rng = np.random.default_rng(1)

    def weights(name: str, *shape: int) -> Any:
        return numpy_helper.from_array((rng.standard_normal(shape) / 8).astype(np.float32), name)

    make = helper.make_node
    nodes = [
        make("Conv", ["x", "w1", "b1"], ["a"], pads=[1, 1, 1, 1]),
        make("Relu", ["a"], ["b"]),
        make("Conv", ["b", "w2"], ["c"], pads=[2, 2, 2, 2], group=24),
        make("Sigmoid", ["c"], ["d"]),
        make("Mul", ["c", "d"], ["e"]),
        make("Conv", ["e", "w3"], ["f"]),
        make("Add", ["f", "x"], ["g"]),
        make("Concat", ["g", "b"], ["h"], axis=1),
        make("MaxPool", ["h"], ["i"], kernel_shape=[2, 2], strides=[2, 2]),
        make("ConvTranspose", ["i", "w4"], ["j"], strides=[2, 2]),
        make("Slice", ["j", "from", "to", "axis", "step"], ["k"]),
        make("CumSum", ["k", "axis"], ["y"]),
    ]
    constants = [
        weights("w1", 24, 16, 3, 3),
        weights("b1", 24),
        weights("w2", 24, 1, 5, 5),
        weights("w3", 16, 24, 1, 1),
        weights("w4", 40, 8, 2, 2),
        *(
            numpy_helper.from_array(np.array([value]), name)
            for name, value in (("from", -1), ("to", -(1 << 40)), ("axis", 3), ("step", -1))
        ),
    ]
    graph = helper.make_graph(
        nodes,
        "several",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, (1, 16, 61, 67))],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, (1, 8, 60, 66))],
        constants,
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return made.SerializeToString()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from wheels.app import app_wheel
    from wheels.pyodide import for_site

    root = tmp_path_factory.mktemp("threads") / "site"
    shutil.copytree(PAGE, root)
    shutil.copytree(for_site(), root / "pyodide")
    for name in ("pool.js", "pool-worker.js"):
        shutil.copy(WEB / name, root / name)
    (root / "hearth.whl").write_bytes(app_wheel().read_bytes())
    (root / "model.onnx").write_bytes(model())
    return root


@pytest.fixture(scope="module")
def ask(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], dict[str, Any]]]:
    """`ask(kind)` opens the page with that pool and gives what it tells."""
    folder = tmp_path_factory.mktemp("profile")
    driver = start_chromium(folder / "profile", folder)

    def page(kind: str) -> dict[str, Any]:
        with SiteServer(site) as server:
            driver.get(f"{server.url}index.html?pool={kind}")
            end = time.monotonic() + LONGEST
            while time.monotonic() < end:
                result = driver.execute_script("return window.result")
                if result:
                    assert "error" not in result, result["error"]
                    return dict(result)
                time.sleep(0.1)
        raise AssertionError(f"no answer within {LONGEST} s")

    yield page
    driver.quit()


def test_threads_give_the_same_result_as_one_thread(ask: Callable[[str], dict[str, Any]]) -> None:
    told = ask("sound")
    assert told["shared"] and told["threads"][0] >= 3 and told["threads"][1] == told["threads"][0]
    assert told["apart"] == 0 and told["largest"] > 0.1


def test_a_job_ends_right_when_workers_die_in_its_middle(ask: Callable[[str], dict[str, Any]]) -> None:
    told = ask("doomed")
    assert told["shared"] and told["threads"][0] >= 3 and told["threads"][1] == 1
    assert told["apart"] == 0


def test_without_shared_memory_one_thread_does_it(ask: Callable[[str], dict[str, Any]]) -> None:
    told = ask("full")
    assert not told["shared"] and told["apart"] == 0
