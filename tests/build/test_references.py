"""How references between the files of the site are found and rewritten."""

import pytest

from hearth.errors import HearthError
from web.references import imported, rewrite

PLACES = {
    "main.js": "assets/main-1.js",
    "shared/show.js": "assets/show-2.js",
    "icons/dot.svg": "assets/dot-3.svg",
    "models.json": "models.json",
    "pyodide/": "assets/pyodide-4/",
    "pyodide/pyodide.mjs": "assets/pyodide-4/pyodide.mjs",
}


@pytest.mark.parametrize(
    ("source", "place", "before", "after"),
    [
        ("index.html", "", '<script src="./main.js">', '<script src="./assets/main-1.js">'),
        ("a.js", "assets", 'import { x } from "./main.js";', 'import { x } from "./main-1.js";'),
        ("shared/a.js", "assets", 'import "../main.js";', 'import "./main-1.js";'),
        ("shared/a.js", "assets", 'import "./show.js";', 'import "./show-2.js";'),
        ("a.js", "assets", 'new URL("./models.json", x)', 'new URL("../models.json", x)'),
        ("a.js", "assets", 'new URL("./pyodide/", x)', 'new URL("./pyodide-4/", x)'),
        ("a.js", "assets", 'from "./pyodide/pyodide.mjs"', 'from "./pyodide-4/pyodide.mjs"'),
        ("a.css", "assets", "url(./icons/dot.svg)", "url(./dot-3.svg)"),
        ("a.css", "assets", 'url("./icons/dot.svg")', 'url("./dot-3.svg")'),
        ("m.webmanifest", "", '{"src": "./icons/dot.svg"}', '{"src": "./assets/dot-3.svg"}'),
    ],
)
def test_a_reference_leads_to_where_the_file_lies(source: str, place: str, before: str, after: str) -> None:
    assert rewrite(before, source, place, PLACES.__getitem__) == after


@pytest.mark.parametrize(
    "text",
    [
        '/** @typedef {import("./nowhere.js").Nothing} Nothing */',
        '{"start_url": "./", "action": "./share", "x": "./?shared"}',
        'accept="image/*,.heic" pattern="*/"',
        "fetch(`./models/${name}.bin`)",
        'import("./types.d.ts")',
        '"nothing.js" "/main.js" "https://host/main.js"',
    ],
)
def test_what_is_no_reference_stays(text: str) -> None:
    assert rewrite(text, "a.js", "assets", PLACES.__getitem__) == text


def test_a_star_slash_in_a_string_does_not_hide_what_follows() -> None:
    text = 'const kinds = "image/*";\nimport "./main.js";\nconst more = "*/";'
    assert '"./main-1.js"' in rewrite(text, "a.js", "assets", PLACES.__getitem__)


def test_single_quotes_are_refused_before_they_break_the_site() -> None:
    with pytest.raises(HearthError, match=r"a\.js refers to './main\.js': write paths in double quotes"):
        rewrite("import './main.js';", "a.js", "assets", PLACES.__getitem__)


def test_imports_are_those_of_loading_and_no_others() -> None:
    text = (
        'import { a,\n  b } from "./a.js";\nimport "./b.js";\nexport { c } from "../c.js";\n'
        'export const url = new URL("./d.json", import.meta.url);\nconst e = await import("./e.js");\n'
    )
    assert imported(text, "folder/x.js") == ["folder/a.js", "folder/b.js", "c.js"]
