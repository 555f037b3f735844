"""Finished pictures as files, read back by Pillow."""

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from hearth.errors import BadInput, TooLarge
from hearth.tools.cutout import from_rgba
from hearth.tools.cutout.matte import Matte
from hearth.tools.cutout.output import Finished, Output, file_name
from hearth.tools.cutout.scene import Background, Frame, Scene, Shadow
from tests.tools.cutout.pictures import srgb_profile
from tests.tools.cutout.test_scene import disc, matte

SUBJECT = matte(disc(160, 120, 70, 65, 40), icc=srgb_profile())


def opened(scene: Scene | None = None, of: Matte = SUBJECT, **output: Any) -> tuple[Image.Image, Finished]:
    finished = Finished(of, None, scene, Output(**output))
    image = Image.open(io.BytesIO(b"".join(piece for _, piece in finished.write())))
    image.load()
    return image, finished


def test_every_format_holds_the_cutout_and_its_profile() -> None:
    expected = SUBJECT.rows(0, 120).astype(int)
    for kind, quality, apart in (("png", 90, 0), ("webp", 100, 0), ("webp", 90, 12)):
        image, finished = opened(format=kind, quality=quality)
        assert (image.format, image.mode, finished.notes) == (kind.upper(), "RGBA", ())
        assert image.info["icc_profile"] == srgb_profile()
        found = np.asarray(image)
        assert (found[:, :, 3] == expected[:, :, 3]).all()
        seen = expected[:, :, 3] == 255
        assert np.abs(found - expected)[seen].mean() <= apart


def test_a_jpeg_stands_on_white_unless_a_background_is_chosen_and_says_so() -> None:
    image, finished = opened(format="jpeg", quality=95)
    assert (image.format, image.mode) == ("JPEG", "RGB") and image.info["icc_profile"] == srgb_profile()
    assert "white" in str(finished.notes[0])
    assert (np.asarray(image)[5, 5] >= 254).all()
    image, finished = opened(Scene(Background("colour", "#0000ff")), format="jpeg", quality=95)
    assert finished.notes == () and np.abs(np.asarray(image)[5, 5].astype(int) - [0, 0, 255]).max() <= 3


def test_the_mask_and_the_inverse_are_the_rest() -> None:
    framed = Scene(Background("blur"), frame=Frame(crop=True, margin=0.1))
    cutout, mask, rest = (
        np.asarray(opened(framed if show != "cutout" else Scene(frame=framed.frame), show=show)[0])
        for show in ("cutout", "mask", "inverse")
    )
    assert mask.ndim == 2 and (mask == cutout[:, :, 3]).all()
    assert (mask.astype(int) + rest[:, :, 3] == 255).all()
    free = mask == 0
    top, left = (120 - mask.shape[0]) // 2, 0
    assert rest.shape == cutout.shape and (rest[~free & (mask == 255)] == 0).all() and top >= 0 and left == 0


def test_bare_bytes_are_the_pixels_of_the_png_and_say_their_size() -> None:
    png = np.asarray(opened()[0])
    for kind, expected in (("rgba8", png), ("alpha8", png[:, :, 3])):
        finished = Finished(SUBJECT, output=Output(kind))  # type: ignore[arg-type]
        assert finished.kind == f"image/x-{kind};width=160;height=120"
        assert b"".join(piece for _, piece in finished.write()) == expected.tobytes()


def test_a_floor_that_the_picture_does_not_show_is_said() -> None:
    cut = matte(disc(160, 120, 70, 115, 40))
    for of, said in ((SUBJECT, False), (cut, True)):
        finished = opened(Scene(shadow=Shadow("floor")), of)[1]
        assert any("floor" in str(note) for note in finished.notes) is said


def test_prints_say_how_large_they_are() -> None:
    for kind in ("png", "jpeg"):
        image, finished = opened(Scene(frame=Frame(size="passport-35x45")), format=kind)
        assert image.size == (413, 531)
        assert [round(float(dots)) for dots in image.info["dpi"]] == [300, 300]
        assert any("Enlarged" in str(note) for note in finished.notes)


def test_what_cannot_be_written_is_refused_with_what_to_do() -> None:
    long = from_rgba(np.full((1, 17_000, 4), 255, np.uint8).tobytes(), 17_000, 1)
    flat = np.zeros((1, 1), np.float32)
    with pytest.raises(TooLarge, match="16383"):
        Finished(Matte(long, flat, flat, np.full((1, 17_000), 255, np.uint8)), output=Output("webp"))
    for wrong in ({"format": "gif"}, {"quality": 0}, {"show": "all"}):
        with pytest.raises(BadInput):
            Output(**wrong)


def test_files_are_named_after_the_photo() -> None:
    assert file_name("summer/beach.jpeg", Output()) == "beach-cutout.png"
    assert file_name("C:\\photos\\cat.png", Output("jpeg", "inverse")) == "cat-background.jpg"
    assert file_name("..", Output("webp", "mask")) == "photo-mask.webp"
