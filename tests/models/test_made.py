"""What is made from other files is made again only when those changed, and is never half a file."""

from pathlib import Path

import pytest

from hearth.desk.made import key_of, made


def test_made_once_for_one_key(tmp_path: Path) -> None:
    product, runs = tmp_path / "folder/product", []

    def make(new: Path) -> None:
        runs.append(new)
        new.write_text(f"run {len(runs)}")

    assert made(product, "a", make) == product
    made(product, "a", make)
    assert product.read_text() == "run 1"
    made(product, "b", make)
    assert product.read_text() == "run 2"
    product.unlink()
    made(product, "b", make)
    assert product.read_text() == "run 3"


def test_a_break_leaves_no_half_of_a_file(tmp_path: Path) -> None:
    product = tmp_path / "product"

    def make(new: Path) -> None:
        new.write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        made(product, "a", make)
    assert list(tmp_path.iterdir()) == []


def test_key_tells_files_and_their_borders_apart(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("one")
    before = key_of(file, "x")
    file.write_text("two")
    assert key_of(file, "x") != before
    assert key_of("ab", "c") != key_of("a", "bc")
