"""Files that are written can be read by others, hold exactly the right pixels and hide nothing."""

import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from hearth.tools.cutout import Matte, Photo, from_image, from_rgba, png, write
from hearth.tools.cutout.kernels import kernels
from hearth.tools.cutout.matte import merge_alpha
from hearth.tools.cutout.png import encode
from tests.tools.cutout.pictures import Pixels, decoded, scene, srgb_profile


def file_of(pixels: Pixels, **options: Any) -> bytes:
    height, width, channels = pixels.shape
    return b"".join(
        piece for _, piece in encode(lambda top, bottom: pixels[top:bottom], width, height, channels, **options)
    )


def chunks(file: bytes) -> list[tuple[bytes, bytes]]:
    """Names and contents, every checksum checked."""
    assert file[:8] == b"\x89PNG\r\n\x1a\n"
    at, found = 8, []
    while at < len(file):
        (length,) = struct.unpack(">I", file[at : at + 4])
        name, data = file[at + 4 : at + 8], file[at + 8 : at + 8 + length]
        assert struct.unpack(">I", file[at + 8 + length : at + 12 + length]) == (zlib.crc32(name + data),)
        found.append((name, data))
        at += 12 + length
    return found


def drawing(width: int, height: int) -> Pixels:
    """Repeating patterns, as in a screenshot."""
    tile = np.random.default_rng(0).integers(0, 2, (24, 24, 1), np.uint8) * np.uint8(255)
    tiled = np.tile(tile, (height // 24 + 1, width // 24 + 1, 4))[:height, :width]
    return np.ascontiguousarray(tiled)


PICTURES = {
    "photo": scene(301, 203, 4),
    "drawing": drawing(640, 480),
    "noise": np.random.default_rng(0).integers(0, 256, (64, 64, 4), np.uint8),
    "empty": np.zeros((100, 100, 4), np.uint8),
    "one pixel": scene(1, 1, 4),
    "one row": scene(5000, 1, 4),
    "one column": scene(1, 5000, 4),
    "several strips": scene(1200, 700, 4),
}


@pytest.mark.parametrize("name", PICTURES)
def test_another_reader_sees_exactly_the_same_pixels(name: str) -> None:
    assert np.array_equal(decoded(file_of(PICTURES[name])), PICTURES[name])


@settings(max_examples=60)
@given(width=st.integers(1, 40), height=st.integers(1, 40), channels=st.sampled_from([1, 4]), seed=st.integers(0, 99))
def test_any_small_picture_survives(width: int, height: int, channels: int, seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, channels), np.uint8)
    assert np.array_equal(decoded(file_of(pixels)).reshape(pixels.shape), pixels)


def test_a_grey_file_is_grey() -> None:
    alpha = scene(123, 45, 1)
    file = file_of(alpha)
    with Image.open(io.BytesIO(file)) as image:
        assert image.mode == "L"
    assert np.array_equal(decoded(file), alpha[:, :, 0])


def test_chunks_are_whole_and_in_order() -> None:
    names = [name for name, _ in chunks(file_of(PICTURES["several strips"], icc=srgb_profile()))]
    assert names[:2] == [b"IHDR", b"iCCP"]
    assert names[-1] == b"IEND"
    assert set(names[2:-1]) == {b"IDAT"}


def test_the_colour_profile_travels_along() -> None:
    with Image.open(io.BytesIO(file_of(PICTURES["photo"], icc=srgb_profile()))) as image:
        assert image.info["icc_profile"] == srgb_profile()


@pytest.mark.parametrize(("name", "at_most"), [("photo", 1.1), ("drawing", 1.2), ("several strips", 1.1)])
def test_files_are_about_as_small_as_pillows_at_its_usual_level(name: str, at_most: float) -> None:
    pillows = io.BytesIO()
    Image.fromarray(PICTURES[name]).save(pillows, "PNG")
    assert len(file_of(PICTURES[name])) <= at_most * len(pillows.getvalue())


def test_drawings_are_searched_for_repeats() -> None:
    picture = PICTURES["drawing"]
    run_length = file_of(picture, deflate=zlib.compressobj(1, strategy=zlib.Z_RLE))
    assert len(file_of(picture)) < len(run_length) / 3


def test_another_compressor_can_be_handed_in() -> None:
    class Counting:
        def __init__(self) -> None:
            self.stream = zlib.compressobj(9)
            self.taken = 0

        def compress(self, data: memoryview) -> bytes:
            self.taken += data.nbytes
            return self.stream.compress(data)

        def flush(self) -> bytes:
            return self.stream.flush()

    counting = Counting()
    picture = PICTURES["photo"]
    assert np.array_equal(decoded(file_of(picture, deflate=counting)), picture)
    assert counting.taken == picture.nbytes + len(picture)


def test_fractions_rise_to_one() -> None:
    picture = PICTURES["several strips"]
    fractions = [done for done, _ in encode(lambda top, bottom: picture[top:bottom], 1200, 700, 4)]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1
    assert len(fractions) > 4


def matte_of(photo: Photo, alpha: np.ndarray) -> Matte:
    nothing = np.zeros((2, 2), np.float32)
    return Matte(photo, nothing, nothing, alpha)


def test_colours_are_the_photos_where_something_is_seen_and_gone_elsewhere() -> None:
    picture = scene(200, 150)
    alpha = np.random.default_rng(1).choice(np.array([0, 0, 1, 128, 254, 255], np.uint8), (150, 200))
    result = decoded(b"".join(piece for _, piece in write(matte_of(from_image(Image.fromarray(picture)), alpha))))
    assert np.array_equal(result[:, :, 3], alpha)
    assert np.array_equal(result[alpha > 0][:, :3], picture[alpha > 0])
    assert not result[alpha == 0].any()


def test_transparency_of_the_photo_itself_is_multiplied_in() -> None:
    picture = scene(256, 256, 4)
    picture[:, :, 3] = np.arange(256)[None]
    alpha = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 256, axis=1)
    merged = alpha.copy()
    merge_alpha(from_rgba(picture.tobytes(), 256, 256), merged, 0, 256)
    exact = np.arange(256)[:, None] * np.arange(256)[None] / 255
    assert np.array_equal(merged, np.floor(exact + 0.5).astype(np.uint8))


def test_a_photo_without_transparency_leaves_alpha_alone() -> None:
    alpha = scene(30, 20, 1)[:, :, 0].copy()
    before = alpha.copy()
    merge_alpha(from_image(Image.fromarray(scene(30, 20))), alpha, 0, 20)
    assert np.array_equal(alpha, before)


def test_a_piece_of_the_cutout_is_that_piece() -> None:
    matte = matte_of(from_image(Image.fromarray(scene(30, 20))), scene(30, 20, 1)[:, :, 0])
    assert np.array_equal(matte.rows(5, 9), matte.rows(0, 20)[5:9])


def test_kernels_filter_rows_as_numpy_does(monkeypatch: pytest.MonkeyPatch) -> None:
    if kernels() is None:
        pytest.skip("there is no compiler for the kernels")
    for channels, width in ((4, 97), (1, 33), (4, 1)):
        rows = np.ascontiguousarray(scene(width, 12, channels)).reshape(12, -1)
        above = np.ascontiguousarray(scene(width, 1, channels, seed=3)).reshape(1, -1)
        by_kernels = [png._filtered(rows, above, channels, kind) for kind in range(4)]
        with monkeypatch.context() as without:
            without.setattr(png, "kernels", lambda: None)
            by_numpy = [png._filtered(rows, above, channels, kind) for kind in range(4)]
        assert all(map(np.array_equal, by_kernels, by_numpy))
