"""Every sentence is in the message file, every one in it is used, and every language has them all."""

import json
import re
from pathlib import Path

import pytest

from hearth.errors import HearthError
from hearth.words import PLACE, english, say
from web.visualizer.looks import words as looks_words
from web.words import WORDS, filled

ROOT = Path(__file__).parents[2]
ENGLISH = json.loads((WORDS / "en.json").read_text())
OTHERS = sorted(path.stem for path in WORDS.glob("*.json") if path.stem != "en")
FORMATS = {None, "number", "bytes", "seconds", "percent"}
OF_LANGUAGES = {"language.name", "language.direction"}

SOURCES = [
    path
    for pattern in ("app/hearth/**/*.py", "web/**/*.js", "web/**/*.html", "web/**/*.py")
    for path in ROOT.glob(pattern)
]
# Keys stand in the sources as they are, or as the beginning of a family, `"stage." + name` or `model.${id}.title`.
CALL = re.compile(r"\bsay\(([^{},)]*)|\bdata-words(?:-\w+)?=(\"[\w.-]+\")")
KEY = re.compile(r"[\"'`]([a-z0-9-]+(?:\.[a-z0-9-]+)+|(?:[a-z0-9-]+\.)+)(?=[\"'`]|\$)")


def forms(sentence: str | dict[str, str]) -> list[str]:
    return [sentence] if isinstance(sentence, str) else list(sentence.values())


def places(sentence: str | dict[str, str]) -> set[tuple[str, str | None]]:
    return {(match["name"], match["format"]) for form in forms(sentence) for match in re.finditer(PLACE, form)}


def test_every_key_that_is_asked_for_is_there() -> None:
    calls = [call for path in SOURCES for call in CALL.findall(path.read_text())]
    asked = {key for call in calls for key in KEY.findall("".join(call))}
    assert len(asked) > 80
    families = tuple({key[: dot.end()] for key in ENGLISH for dot in re.finditer(r"\.", key)})
    assert not asked - {*ENGLISH, *families}


def test_every_key_that_is_there_is_asked_for() -> None:
    quoted = {key for path in SOURCES for key in KEY.findall(path.read_text())}
    families = tuple(key for key in quoted if key.endswith("."))
    assert not [key for key in ENGLISH if key not in quoted | OF_LANGUAGES and not key.startswith(families)]


@pytest.mark.parametrize("key", ENGLISH)
def test_a_sentence_is_well_formed(key: str) -> None:
    sentence = ENGLISH[key]
    for form in forms(sentence):
        assert form == form.strip() and "  " not in form
        assert "{" not in re.sub(PLACE, "", form) and "}" not in re.sub(PLACE, "", form)
    assert {kind for _, kind in places(sentence)} <= FORMATS
    if not isinstance(sentence, str):
        assert {"one", "other"} <= set(sentence) <= {"zero", "one", "two", "few", "many", "other"}
        assert "count" in {name for name, _ in places(sentence)}


@pytest.mark.parametrize("language", OTHERS)
def test_a_language_says_what_english_says_with_the_values_that_there_are(language: str) -> None:
    words = json.loads((WORDS / f"{language}.json").read_text())
    known = ENGLISH | looks_words()  # a scene's folder has its English words itself
    assert words.keys() <= known.keys()
    assert len(words) > 0.8 * len(known), "what is missing is said in English"
    assert words["language.direction"] in ("ltr", "rtl")
    for key, sentence in words.items():
        assert places(sentence) <= places(known[key]), key
        assert isinstance(sentence, str) or "other" in sentence, key


def test_python_puts_values_into_english_for_the_command_line() -> None:
    assert english(say("photo.done", time=1.24)) == "Done in 1.2 s."
    assert (
        english(say("models.fetching", loaded=90e3, total=4.57e6)) == "Fetching the model: 90 kB of 4.6 MB, only once…"
    )
    assert english(say("intake.taken", count=1)) == "Photo taken."
    assert english(say("intake.taken", count=1200)) == "1,200 photos taken."
    nested = say("stage.now", stage=say("stage.read"), done=0.5)
    assert english([nested, "As it is."]) == "Reading the photo: 50% As it is."


@pytest.mark.parametrize(
    ("page", "complaint"),
    [
        ('<p data-words="no.such"></p>', "'no.such'"),
        ('<p data-words="work.stop">Stop</p>', "must be empty"),
        ('<p data-words="work.stop"><b></b></p>', "no element with a text alone"),
    ],
)
def test_a_page_that_asks_for_words_in_a_wrong_way_fails_the_build(page: str, complaint: str) -> None:
    with pytest.raises(HearthError, match=complaint):
        filled(page, "index.html", ENGLISH)


def test_a_page_is_filled_with_words_and_still_says_where_they_go() -> None:
    page = '<p class="a" data-words="work.stop"></p><svg data-words-label="work.queue"></svg>'
    assert filled(page, "index.html", {"work.stop": "<Stop>", "work.queue": 'The "queue"'}) == (
        '<p class="a" data-words="work.stop">&lt;Stop&gt;</p>'
        '<svg data-words-label="work.queue" aria-label="The &quot;queue&quot;"></svg>'
    )
