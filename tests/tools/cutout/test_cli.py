"""The command line does what it says, and says what it did not do."""

import io
import os
import pty
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hearth import __version__
from hearth.cli import main
from hearth.desk import models
from hearth.errors import DownloadFailed
from hearth.tools.cutout.kernels import kernels
from tests.photos import photo
from tests.tools.cutout.pictures import encoded, scene

pytestmark = pytest.mark.desk


def hearth(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "hearth.cli", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True)


@pytest.fixture(scope="module", autouse=True)
def prepared() -> None:
    """The model and the kernels are compiled before, so that nothing of that is on stderr."""
    models.path("u2netp")
    kernels()


@pytest.fixture
def cat(tmp_path: Path) -> Path:
    return Path(shutil.copy(photo("chelsea"), tmp_path / "cat.png"))


def test_a_cutout_and_the_networks_own_map_are_written(cat: Path, tmp_path: Path) -> None:
    out, raw = tmp_path / "out.png", tmp_path / "map.npy"
    done = hearth("cutout", cat, "-o", out, "--raw-mask", raw, "--executor", "numpy")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{out}\n", "")
    with Image.open(out) as image:
        assert (image.mode, image.size) == ("RGBA", (451, 300))
        alpha = np.asarray(image)[:, :, 3]
    assert alpha[180, 225] > 250
    assert alpha[20, 20] < 5
    own = np.load(raw)
    assert (own.dtype, own.shape) == (np.float32, (320, 320))
    assert 0 <= own.min() < 0.01
    assert 0.99 < own.max() <= 1


def test_bad_inputs_get_a_line_each_and_the_others_are_done(cat: Path, tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("hello")
    half = tmp_path / "half.jpg"
    half.write_bytes(encoded(scene(300, 200), "JPEG")[:3000])
    blank = tmp_path / "blank.png"
    Image.new("RGB", (300, 200), "white").save(blank)
    missing = tmp_path / "missing.jpg"
    done = hearth("cutout", text, half, blank, missing, tmp_path, cat, "--mask-only", "-o", tmp_path / "out")
    assert done.returncode == 2, done.stderr
    assert done.stdout == f"{tmp_path}/out/cat-mask.png\n"
    lines = done.stderr.splitlines()
    assert len(lines) == 5
    expected = [
        (text, "not a photo"),
        (half, "damaged"),
        (blank, "No subject"),
        (missing, "No such file"),
        (tmp_path, "folder"),
    ]
    for line, (path, words) in zip(lines, expected, strict=True):
        assert line.startswith(f"hearth: {path}: ")
        assert words in line
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["cat-mask.png"]
    with Image.open(tmp_path / "out" / "cat-mask.png") as image:
        assert (image.mode, image.size) == ("L", (451, 300))


def test_without_an_output_it_lies_beside_the_photo(cat: Path) -> None:
    done = hearth("cutout", cat.name, cwd=cat.parent)
    assert (done.returncode, done.stdout) == (0, "cat-cutout.png\n")
    assert sorted(file.name for file in cat.parent.iterdir()) == ["cat-cutout.png", "cat.png"]


def test_an_empty_scene_still_shows_the_networks_map(tmp_path: Path) -> None:
    Image.new("RGB", (60, 40), "white").save(tmp_path / "blank.png")
    done = hearth("cutout", tmp_path / "blank.png", "--raw-mask", tmp_path / "map.npy")
    assert done.returncode == 2, done.stderr
    assert np.load(tmp_path / "map.npy").max() < 0.5


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["cat.png", "-o", "cat.png"], "must not be overwritten"),
        (["cat.png", "-o", "./sub/../cat.png"], "must not be overwritten"),
        (["cat.png", "-o", "out.gif"], ".png file"),
        (["cat.png", "-o", "out.jpg", "--format", "webp"], ".webp file"),
        (["cat.png", "--background", "white"], "--background white: No such file"),
        (["cat.png", "--background", "#12"], "#c0ffee"),
        (["cat.png", "--size", "huge"], "shop-square"),
        (["cat.png", "--shadow-blur", "2"], "ask for one with --shadow"),
        (["cat.png", "--crop", "60"], "margin lies between"),
        (["cat.png", "cat.png", "-o", "out.png"], "need a folder"),
        (["cat.png", "--raw-mask", "map.txt"], ".npy file"),
        (["cat.png", "-o", ""], "--output: the name"),
        (["cat.png", "--raw-mask", ""], "--raw-mask: the name"),
        ([""], "no file named ''"),
        (["cat.png", "--loud"], "unrecognized arguments: --loud"),
        (["cat.png", "--model", "nothing"], "u2netp"),
        (["cat.png", "--executor", "abacus"], "numpy"),
        ([], "IN"),
    ],
)
def test_bad_usage_is_refused_and_nothing_is_touched(cat: Path, arguments: list[str], words: str) -> None:
    (cat.parent / "sub").mkdir()
    before = cat.read_bytes()
    done = hearth("cutout", *arguments, cwd=cat.parent)
    assert done.returncode == 2, done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith("hearth: ") and words in line
    assert cat.read_bytes() == before
    assert sorted(file.name for file in cat.parent.iterdir()) == ["cat.png", "sub"]


def test_two_photos_of_one_name_do_not_overwrite_each_other(cat: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    shutil.copy(photo("coffee"), tmp_path / "other" / "cat.png")
    done = hearth("cutout", cat, tmp_path / "other" / "cat.png", "-o", tmp_path / "out/")
    assert done.stdout.split() == [f"{tmp_path}/out/cat-cutout.png", f"{tmp_path}/out/cat-2-cutout.png"]
    with Image.open(tmp_path / "out" / "cat-2-cutout.png") as image:
        assert image.size == (600, 400)


@pytest.mark.parametrize("out", ["file", "file/", "file/out.png", "file/deeper/out.png"])
def test_a_file_where_a_folder_should_be_is_named(cat: Path, out: str) -> None:
    (cat.parent / "file").write_text("in the way")
    done = hearth("cutout", cat, "-o", out, cwd=cat.parent)
    assert done.returncode == 2, done.stderr
    (line,) = done.stderr.splitlines()
    assert "file is a file, not a folder" in line
    assert (cat.parent / "file").read_text() == "in the way"


def test_an_output_that_cannot_be_written_is_named_and_nothing_is_left(cat: Path) -> None:
    (cat.parent / "cat-cutout.png").mkdir()
    done = hearth("cutout", "cat.png", "--executor", "numpy", cwd=cat.parent)
    assert done.returncode == 2
    assert done.stderr == "hearth: cat-cutout.png: Is a directory\n"
    assert sorted(file.name for file in cat.parent.iterdir()) == ["cat-cutout.png", "cat.png"]


def test_two_spellings_of_one_place_do_not_overwrite_each_other(cat: Path) -> None:
    (cat.parent / "sub").mkdir()
    Image.open(cat).save(cat.parent / "cat.bmp")
    done = hearth("cutout", "cat.png", "sub/../cat.bmp", cwd=cat.parent)
    assert done.stdout.split() == ["cat-cutout.png", "sub/../cat-2-cutout.png"]


def test_a_link_stays_a_link_and_its_file_is_written(cat: Path) -> None:
    (cat.parent / "link.png").symlink_to("real.png")
    assert hearth("cutout", cat, "-o", cat.parent / "link.png").returncode == 0
    assert (cat.parent / "link.png").is_symlink()
    with Image.open(cat.parent / "real.png") as image:
        assert image.mode == "RGBA"


@pytest.mark.parametrize("closing", ["2>&-", ">&-", "| true", "2>&1 | true", ">/dev/null 2>&-"])
def test_nobody_listening_does_not_stop_the_work(cat: Path, closing: str) -> None:
    """`missing.png` makes it write to stderr as well."""
    command = f"{sys.executable} -m hearth.cli cutout cat.png missing.png --executor numpy {closing}"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], cwd=cat.parent, capture_output=True, text=True)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr and "BrokenPipe" not in done.stderr
    with Image.open(cat.parent / "cat-cutout.png") as image:
        assert image.size == (451, 300)


@pytest.mark.parametrize("arguments", ["models", "--help", "--version"])
def test_a_reader_that_went_away_gets_no_traceback(arguments: str) -> None:
    command = f"{sys.executable} -m hearth.cli {arguments} | true"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_version_is_told() -> None:
    assert hearth("--version").stdout == f"hearth {__version__}\n"


def test_a_model_that_cannot_be_had_is_one_line(cat: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(model_id: str) -> Path:
        raise DownloadFailed(f"Could not get {model_id}.")

    said = io.StringIO()
    monkeypatch.setattr(models, "path", gone)
    monkeypatch.setattr(sys, "stderr", said)
    assert main(["cutout", str(cat), str(cat)]) == 2
    assert said.getvalue() == "hearth: Could not get u2netp.\n"


def test_on_a_terminal_a_bar_shows_the_stages_and_goes_away(cat: Path) -> None:
    terminal, far_end = pty.openpty()
    command = [sys.executable, "-m", "hearth.cli", "cutout", str(cat)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=far_end) as process:
        os.close(far_end)
        shown = b""
        while True:
            try:
                piece = os.read(terminal, 65_536)
            except OSError:  # the far end is closed
                break
            if not piece:
                break
            shown += piece
    os.close(terminal)
    assert process.returncode == 0
    text = shown.decode()
    assert all(stage in text for stage in ("prepare", "predict", "write", "100%", "cat.png"))
    assert text.endswith("\r\x1b[K")


def test_models_that_can_be_chosen_are_listed() -> None:
    done = hearth("models")
    lines = done.stdout.splitlines()
    chosen = [model for model in models.catalogue().values() if model.tool == "cutout"]
    assert done.returncode == 0
    assert [line.split()[0] for line in lines] == [model.id for model in chosen]
    for line, model in zip(lines, chosen, strict=True):
        assert model.licence in line and line.endswith(model.words)


def test_all_models_are_listed_when_asked_for() -> None:
    done = hearth("models", "--all")
    assert [line.split()[0] for line in done.stdout.splitlines()] == list(models.catalogue())


def test_a_models_size_is_that_of_its_prepared_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(models, "folder", lambda: tmp_path)
    (tmp_path / "u2net.hearth").write_bytes(bytes(2_345_678))
    main(["models"])
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert " 2.3 MB  " in lines["u2net"]
    package = models.find("selfie").source.archive_bytes / 1e6
    assert f" {package:.1f} MB to fetch  " in lines["selfie"]


def test_a_photo_for_a_shop_is_made_in_one_go(cat: Path, tmp_path: Path) -> None:
    flags = ["--background", "#fff", "--shadow", "--crop", "--size", "shop-square"]
    done = hearth("cutout", cat, *flags, "--format", "jpeg", "--quality", "80", "-o", tmp_path / "out")
    assert (done.returncode, done.stdout) == (0, f"{tmp_path}/out/cat-cutout.jpg\n")
    assert "Enlarged 4.7 times" in done.stderr
    with Image.open(tmp_path / "out" / "cat-cutout.jpg") as image:
        assert (image.format, image.size) == ("JPEG", (2000, 2000))
        pixels = np.asarray(image).astype(int)
    assert pixels[100, 1900].min() >= 252, "white where nothing is"
    assert np.abs(pixels[1600, 900] - pixels[100, 1900]).max() > 60, "and the cat where it is"
