"""Files of sound on the desk: every kind of WAV, sentences for what is none, and the command line."""

import json
import shutil
import struct
import subprocess
import wave
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hearth.cli import main
from hearth.desk.sound import open_sound
from hearth.errors import BadSound
from tests.tools.visualizer.signals import RATE, clicks, plucked, sine

pytestmark = pytest.mark.desk


def wav(samples: np.ndarray, kind: int, bits: int, channels: int = 2, extensible: bool = False) -> bytes:
    """A file of interleaved samples as they lie."""
    data = samples.tobytes()
    frame = channels * bits // 8
    head = struct.pack("<HHIIHH", 0xFFFE if extensible else kind, channels, RATE, RATE * frame, frame, bits)
    if extensible:
        head += struct.pack("<HHIH", 22, bits, 3, kind) + bytes.fromhex("000000001000800000aa00389b71")
    chunks = b"LIST" + struct.pack("<I", 3) + b"abc\0" + b"fmt " + struct.pack("<I", len(head)) + head
    chunks += b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def encoded(sound: np.ndarray, kind: int, bits: int) -> np.ndarray:
    if kind == 3:
        return sound.astype(f"<f{bits // 8}")
    whole = np.rint(sound * (2 ** (bits - 1) - 1)).astype("<i4")
    if bits == 8:
        return (whole + 128).astype(np.uint8)
    if bits == 24:
        return whole[:, None].view(np.uint8).reshape(-1, 4)[:, :3].copy()
    return whole.astype(f"<i{bits // 8}")


def read(path: Path) -> np.ndarray:
    with open_sound(path) as sound:
        assert (sound.rate, sound.channels) == (RATE, 2)
        return np.concatenate(list(sound.pieces()))


@pytest.mark.parametrize(("kind", "bits"), [(1, 8), (1, 16), (1, 24), (1, 32), (3, 32), (3, 64)])
@pytest.mark.parametrize("extensible", [False, True])
def test_every_kind_of_wav(tmp_path: Path, kind: int, bits: int, extensible: bool) -> None:
    sound = sine(440, 0.1, -3).repeat(2)
    path = tmp_path / "tone.wav"
    path.write_bytes(wav(encoded(sound, kind, bits), kind, bits, extensible=extensible))
    np.testing.assert_allclose(read(path).reshape(-1), sound, atol=1.2 / 2 ** (min(bits, 24) - 1))


def test_a_wav_that_was_cut_short_is_what_is_left(tmp_path: Path) -> None:
    path = tmp_path / "cut.wav"
    path.write_bytes(wav(encoded(sine(440, 0.1).repeat(2), 1, 16), 1, 16)[:-1001])
    assert 4100 < len(read(path)) < 4410


BROKEN = {
    "": "empty",
    "Dear reader, this is no sound. " * 9: "not a sound file",
    "MThd\0\0\0\6": "MIDI",
    "\x89PNG\r\n\x1a\n" + "0" * 99: "a picture, not sound",
    "RIFF\x24\0\0\0WAVEfmt ": "damaged",
    "RIFF\x24\0\0\0WAVEdata\x04\0\0\0abcd": "damaged",
    "\0\0\0\x20ftypM4A mp42" + "0" * 16 + "\0\0\0\x10mdat" + "0" * 8 + "\0\0\0\x18moovstsd0000drms": "protected",
}


@pytest.mark.parametrize("content", BROKEN)
def test_what_is_no_sound_gets_a_sentence(tmp_path: Path, content: str) -> None:
    path = tmp_path / "song.wav"
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(BadSound, match=BROKEN[content]), open_sound(path) as sound:
        list(sound.pieces())


@pytest.mark.skipif(not shutil.which("ffmpeg"), reason="ffmpeg is not installed")
def test_what_wav_is_not_is_read_by_ffmpeg(tmp_path: Path) -> None:
    song, silent = tmp_path / "song.m4a", tmp_path / "silent.mp4"
    tone = ["-f", "lavfi", "-i", f"sine=440:sample_rate={RATE}:duration=1"]
    picture = ["-f", "lavfi", "-i", "testsrc=size=64x64:duration=1"]
    for inputs, more, path in ((tone, ["-ac", "2", "-c:a", "aac"], song), (picture, [], silent)):
        subprocess.run(["ffmpeg", "-v", "error", *inputs, *more, str(path)], check=True)
    sound = read(song)
    assert len(sound) == pytest.approx(RATE, abs=3000)
    spectrum = np.abs(np.fft.rfft(sound[5000:37768, 0]))
    assert spectrum.argmax() * RATE / 32768 == pytest.approx(440, abs=2)
    with pytest.raises(BadSound, match="no audio track"), open_sound(silent):
        pass


def test_a_folder_is_told_from_a_file(tmp_path: Path) -> None:
    with pytest.raises(BadSound, match="folder"), open_sound(tmp_path):
        pass


@pytest.fixture
def song(tmp_path: Path) -> Path:
    path = tmp_path / "song.wav"
    sound = clicks(np.arange(0.25, 7.9, 0.5).tolist(), 8) + plucked([48, 64, 67], 1.25, 3, 8)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes((sound * 32767).clip(-32768, 32767).astype("<i2").tobytes())
    return path


def test_analyse_writes_all_that_it_is_asked_for(song: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outputs = [song.with_suffix(suffix) for suffix in (".json", ".mid", ".png")]
    assert main(["analyse", str(song), *(text for path in outputs for text in ("-o", str(path)))]) == 0
    assert capsys.readouterr().out.split() == [str(path) for path in outputs]
    heard = json.loads(outputs[0].read_text())
    assert heard["tempo"] == pytest.approx(120, abs=2) and heard["complete"]
    assert {48, 64, 67} <= {note[2] for note in heard["notes"]}
    assert len(heard["curves"]["momentary"]) == 400
    score = outputs[1].read_bytes()
    assert score[:14] == b"MThd" + struct.pack(">IHHH", 6, 1, 2, 480)
    assert bytes([0x90, 64]) in score and score.endswith(b"\0\xff\x2f\0")
    with Image.open(outputs[2]) as picture:
        assert picture.width == 640 and len(picture.convert("RGB").getcolors(1 << 24) or []) > 50


def test_analyse_says_what_it_could_not_do(song: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("hello")
    assert main(["analyse", str(text), str(tmp_path / "no.wav"), str(song), "-o", f"{tmp_path}/out/"]) == 2
    told = capsys.readouterr()
    assert told.out == f"{tmp_path}/out/song.json\n"
    lines = [line for line in told.err.splitlines() if line.startswith("hearth: ")]
    assert "not a sound file" in lines[0] and "No such file" in lines[1] and len(lines) == 2
    with pytest.raises(SystemExit):
        main(["analyse", str(song), "-o", "song.ogg"])
    assert ".json, .mid, .png" in capsys.readouterr().err
