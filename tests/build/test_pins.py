"""The pin files, and what reading them refuses."""

from pathlib import Path

import pytest

from hearth.desk.fetch import Member, Npm, PyPI, Url
from hearth.desk.pins import read_pins

ROOT = Path(__file__).parents[2]


def test_sources_come_in_the_order_of_web_archive_pypi_npm(tmp_path: Path) -> None:
    path = tmp_path / "pins.toml"
    path.write_text(
        '["a.whl"]\nsha256 = "aa"\nbytes = 1\npypi = "a==1"\npython = "3.12"\n'
        '["b"]\nsha256 = "bb"\nbytes = 2\nnpm = "b@2"\nmember = "x/b"\narchive = "a.whl"\nurl = "https://host/b"\n'
    )
    pins = read_pins(path)
    assert pins["b"].sources == (Url("https://host/b"), Member(pins["a.whl"], "x/b"), Npm("b@2"))
    assert pins["a.whl"].sources == (PyPI("a==1", "3.12", None),)


@pytest.mark.parametrize("table", ["", 'url = "https://host/b"\nmd5 = "x"\n'], ids=["no source", "unknown key"])
def test_a_table_that_says_too_little_or_too_much_is_refused(tmp_path: Path, table: str) -> None:
    path = tmp_path / "pins.toml"
    path.write_text(f'["b"]\nsha256 = "bb"\nbytes = 2\n{table}')
    with pytest.raises(ValueError, match="The pin of b has"):
        read_pins(path)


@pytest.mark.parametrize("file", ["wheels/pins.toml", "web/typecheck.toml"])
def test_every_pin_has_a_whole_sha256_and_a_size(file: str) -> None:
    for pin in read_pins(ROOT / file).values():
        assert len(bytes.fromhex(pin.sha256)) == 32
        assert pin.bytes > 0
