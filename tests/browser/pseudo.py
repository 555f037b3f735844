"""A language to test with: English, accented, half as long again, and written from right to left."""

import json
import re
from pathlib import Path
from typing import Any

from hearth.words import PLACE
from web.visualizer.looks import words as looks_words
from web.words import WORDS

TAG = "ar"
_ACCENTS = str.maketrans("aceilnosuyACEILNOSUY", "àçéîłñöšûýÀÇÉÎŁÑÖŠÛÝ")


def write_words(folder: Path) -> Path:
    """The project's languages with this one beside them, in a new folder."""
    folder.mkdir()
    for file in WORDS.glob("*.json"):
        (folder / file.name).write_text(file.read_text("utf-8"), "utf-8")
    english = json.loads((WORDS / "en.json").read_text("utf-8")) | looks_words()
    words = {key: _changed(sentence) for key, sentence in english.items()}
    words |= {"language.name": "Pseudo", "language.direction": "rtl"}
    (folder / f"{TAG}.json").write_text(json.dumps(words), "utf-8")
    return folder


def _changed(sentence: Any) -> Any:
    if isinstance(sentence, dict):
        return {form: _changed(text) for form, text in sentence.items()}
    parts = re.split(f"({re.sub(r'[?]P<[a-z]+>', '?:', PLACE)})", sentence)
    accented = "".join(part if part.startswith("{") else part.translate(_ACCENTS) for part in parts)
    longer = " ëx" * (len(sentence) // 6)
    return f"[{accented}{longer}]" if re.search("[A-Za-z]", re.sub(PLACE, "", sentence)) else sentence
