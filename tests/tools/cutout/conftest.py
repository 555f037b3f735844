"""The default network twice: played by this runtime, and by onnxruntime as the yardstick.

Imports of what only a desk has are late: the files beside this one also run inside Pyodide.
"""

from typing import Any

import pytest

from hearth.runtime import InferenceSession
from hearth.tools.cutout import Preparation


@pytest.fixture(scope="session")
def session() -> InferenceSession:
    from hearth.desk import models

    return InferenceSession(models.path("u2netp"))


@pytest.fixture(scope="session")
def yardstick() -> Any:
    onnxruntime = pytest.importorskip("onnxruntime")
    from hearth.desk import models
    from hearth.desk.fetch import Cache

    file = Cache().get(models.find("u2netp").source.pinned())
    return onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])


@pytest.fixture(scope="session")
def preparation() -> Preparation:
    from hearth.desk import models

    model = models.find("u2netp")
    assert model.pixels is not None
    return Preparation(model.input.shape, model.pixels.scale, model.pixels.mean, model.pixels.std)
