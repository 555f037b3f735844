"""Assembly of the site from a small page; Pyodide, the wheel and the models are opaque bytes to it."""

import hashlib
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from hearth.desk import models
from hearth.errors import HearthError
from web.headers import HEADERS, POLICY
from web.site import PART_BYTES, Site

PAGE = Path(__file__).with_name("page")
MODEL = models.find("u2netp")


@pytest.fixture
def page(tmp_path: Path) -> Path:
    return Path(shutil.copytree(PAGE, tmp_path / "page"))


def assemble(page: Path, out: Path, model: bytes = b"weights") -> Path:
    pyodide = page.parent / "pyodide"
    pyodide.mkdir(exist_ok=True)
    (pyodide / "pyodide.mjs").write_text("export const loadPyodide = 0;")
    (pyodide / "pyodide-lock.json").write_text("{}")
    (page.parent / "model.hearth").write_bytes(model)
    site = Site(page, pyodide, "1.2.3", {"hearth.whl": b"wheel"})
    site.add_model(MODEL, page.parent / "model.hearth")
    site.finish()
    site.write(out)
    return out


@pytest.fixture
def dist(page: Path, tmp_path: Path) -> Path:
    return assemble(page, tmp_path / "dist")


def precache(dist: Path) -> dict[str, Any]:
    (path,) = dist.glob("assets/precache-*.json")
    content: dict[str, Any] = json.loads(path.read_text())
    return content


def names(dist: Path) -> set[str]:
    return {path.relative_to(dist).as_posix() for path in dist.rglob("*") if path.is_file()}


def test_what_never_changes_is_named_by_its_content(dist: Path) -> None:
    for path in [*dist.glob("assets/*.*"), *dist.glob("models/*")]:
        if path.suffix not in (".br", ".gz") and path.is_file():
            (digest,) = re.findall(r"-([0-9a-f]{8})\.", path.name)
            assert hashlib.sha256(path.read_bytes()).hexdigest().startswith(digest)
    short_lived = {name for name in names(dist) if "/" not in name and not name.endswith((".br", ".gz"))}
    assert short_lived == {"index.html", "sw.js", "manifest.webmanifest", "models.json", "NOTICE.txt", "_headers"}


def test_only_what_the_page_leads_to_is_in_the_site(page: Path, tmp_path: Path) -> None:
    (page / "stray.js").write_text("export {};")
    assert not [name for name in names(assemble(page, tmp_path / "dist")) if "stray" in name]


def test_every_reference_in_the_site_leads_to_a_file(dist: Path) -> None:
    followed = 0
    for path in dist.rglob("*"):
        if path.suffix in (".html", ".js", ".css", ".webmanifest"):
            text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.S)
            for target in re.findall(r'["(](\.{1,2}/[^"\s)]*\.\w+)[")]', text):
                assert (path.parent / target).resolve().is_file(), f"{path.name}: {target}"
                followed += 1
    assert followed >= 9


def test_the_head_of_the_page_carries_the_policy_the_version_and_the_preloads(dist: Path) -> None:
    html = (dist / "index.html").read_text()
    assert f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">' in html
    assert "frame-ancestors" not in html
    assert f'<meta name="hearth-version" content="{precache(dist)["version"]}">' in html
    assert re.findall(r'rel="modulepreload" href="\./assets/(\w+)-', html) == ["show"]


def test_the_precache_list_holds_all_but_the_models(dist: Path) -> None:
    listed = {file["url"]: file for file in precache(dist)["files"]}
    expected = {
        name
        for name in names(dist)
        if not name.startswith(("models/", "assets/precache-")) and not name.endswith((".br", ".gz"))
    } - {"sw.js", "_headers", "index.html"}
    assert set(listed) == expected | {"./"}
    for url, file in listed.items():
        content = (dist / ("index.html" if url == "./" else url)).read_bytes()
        assert (file["bytes"], file["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
    assert precache(dist)["bytes"] == sum(file["bytes"] for file in listed.values())
    assert precache(dist)["headers"] == HEADERS


def test_a_model_is_listed_with_parts_that_make_it_up(page: Path, tmp_path: Path) -> None:
    model = bytes(range(256)) * (PART_BYTES // 256) + b"the rest"
    dist = assemble(page, tmp_path / "dist", model)
    (entry,) = json.loads((dist / "models.json").read_text())["models"]
    parts = [(dist / part["url"]).read_bytes() for part in entry["parts"]]
    assert b"".join(parts) == model
    assert [len(part) for part in parts] == [part["bytes"] for part in entry["parts"]] == [PART_BYTES, 8]
    assert (entry["bytes"], entry["sha256"]) == (len(model), hashlib.sha256(model).hexdigest())
    assert (entry["id"], entry["title"], entry["pixels"]["scale"]) == ("u2netp", MODEL.title, "image maximum")
    assert "source" not in entry


@pytest.mark.parametrize("changed", ["main.js", "style.css", "shared/show.js", "sw.js", "index.html", "icons/dot.svg"])
def test_any_change_makes_a_new_version_and_a_new_service_worker(page: Path, tmp_path: Path, changed: str) -> None:
    before = assemble(page, tmp_path / "before")
    path = page / changed
    path.write_text(path.read_text() + "\n")
    after = assemble(page, tmp_path / "after")
    assert precache(before)["version"] != precache(after)["version"]
    assert (before / "sw.js").read_bytes() != (after / "sw.js").read_bytes()


def test_the_same_sources_give_the_same_site(page: Path, dist: Path, tmp_path: Path) -> None:
    again = assemble(page, tmp_path / "again")
    assert names(again) == names(dist)
    assert all((again / name).read_bytes() == (dist / name).read_bytes() for name in names(dist))


def test_building_again_writes_only_what_changed_and_removes_what_is_stale(page: Path, dist: Path) -> None:
    (old,) = dist.glob("assets/style-*.css")
    (kept,) = dist.glob("assets/hearth-*.whl")
    (dist / "assets" / "old-00000000.js").write_text("stale")
    inode = kept.stat().st_ino
    (page / "style.css").write_text("body { margin: 0; }")
    assemble(page, dist)
    assert not old.exists() and not (dist / "assets" / "old-00000000.js").exists()
    assert kept.stat().st_ino == inode


@pytest.mark.parametrize(
    ("file", "text", "complaint"),
    [
        ("main.js", 'import "./gone.js";', "web/main.js refers to gone.js, which is not there"),
        ("shared/show.js", 'import "../main.js";', "web/shared/show.js and web/main.js refer to each other"),
        ("index.html", "<!doctype html>", "web/index.html must hold the line <!-- site:head --> once"),
    ],
)
def test_a_broken_page_fails_the_build_with_a_sentence(
    page: Path, tmp_path: Path, file: str, text: str, complaint: str
) -> None:
    (page / file).write_text(text)
    with pytest.raises(HearthError, match=re.escape(complaint)):
        assemble(page, tmp_path / "dist")


def test_rules_for_hosts_cache_hashed_files_for_good_and_the_others_not(dist: Path) -> None:
    rules = (dist / "_headers").read_text()
    assert "/assets/*\n  Cache-Control: public, max-age=31536000, immutable\n" in rules
    assert "/sw.js\n  Cache-Control: no-cache\n" in rules
    assert "/index.html\n  Cache-Control: no-cache\n" in rules
    assert f"/*\n  Content-Security-Policy: {HEADERS['Content-Security-Policy']}\n" in rules
