"""Scenes against plain numpy formulations and pictures that are known beforehand."""

import struct
from typing import Any

import numpy as np
import pytest

from hearth.errors import BadInput, TooLarge
from hearth.tools.cutout import from_rgba
from hearth.tools.cutout.matte import Matte
from hearth.tools.cutout.scene import Background, Frame, Render, Scene, Shadow, scene_from_plain
from hearth.tools.cutout.scene.frame import place
from hearth.tools.cutout.scene.space import SRGB, converted, space_of
from tests.tools.cutout.pictures import scene as drawn

Pixels = np.ndarray
NONE = np.zeros((1, 1), np.float32)


def disc(width: int, height: int, x: float, y: float, radius: float, soft: float = 6) -> Pixels:
    """Alpha of a disc whose edge is `soft` pixels wide."""
    rows, columns = np.mgrid[0:height, 0:width] + 0.5
    return (255 * np.clip((radius - np.hypot(columns - x, rows - y)) / soft + 0.5, 0, 1)).round().astype(np.uint8)


def matte(alpha: Pixels, pixels: Pixels | None = None, icc: bytes | None = None) -> Matte:
    height, width = alpha.shape
    rgba = np.full((height, width, 4), 255, np.uint8)
    rgba[:, :, :3] = drawn(width, height) if pixels is None else pixels
    return Matte(from_rgba(rgba.tobytes(), width, height, icc), NONE, NONE, alpha)


def whole(scene: Scene, of: Matte, strip: int = 1000, **more: Any) -> Pixels:
    """The finished picture, made by strips of so many rows."""
    render = Render(scene, of, **more)
    height = render.size[1]
    return np.concatenate([render.rows(top, min(top + strip, height)) for top in range(0, height, strip)])


def colour(text: str, **more: Any) -> Background:
    return Background("colour", text, **more)


EVERYTHING = [
    Scene(),
    Scene(colour("#3366cc"), Shadow("drop")),
    Scene(Background("gradient", shape="radial"), Shadow("floor")),
    Scene(Background("blur", wrap=0.5)),
    Scene(frame=Frame(straighten=7, flip=True, crop=True, margin=0.1)),
    Scene(colour("#ffffff"), Shadow("drop"), Frame(crop=True, size="300x200", straighten=-20)),
    Scene(Background("picture", fit="fit"), frame=Frame(size="90x160", crop=True)),
]


@pytest.mark.parametrize("scene", EVERYTHING)
def test_strips_meet_without_a_seam(scene: Scene) -> None:
    subject = matte(disc(160, 120, 70, 65, 40))
    picture = subject.photo
    found = whole(scene, subject, 17, picture=picture).astype(int)
    assert np.abs(found - whole(scene, subject, picture=picture)).max() <= 1


def test_the_cutout_alone_is_the_matte_as_it_is() -> None:
    subject = matte(disc(160, 120, 70, 65, 40))
    assert (whole(Scene(), subject) == subject.rows(0, 120)).all()


def test_a_colour_a_shadow_and_light_follow_the_formula() -> None:
    alpha = disc(200, 150, 90, 70, 45, soft=12)
    subject = matte(alpha)
    a = alpha[:, :, None] / 255
    photo = subject.photo.pixels[:, :, :3].astype(float)
    blue = np.array([0x33, 0x66, 0xCC])
    plain = whole(Scene(colour("#3366cc")), subject)
    assert (plain[:, :, 3] == 255).all()
    assert np.abs(plain[:, :, :3] - (photo * a + blue * (1 - a))).max() <= 0.51
    down = np.linspace(0, 1, 300, endpoint=False)[1::2, None, None]
    fade = Background("gradient", "#000000", "#ffffff", angle=180)
    assert np.abs(whole(Scene(fade), subject)[:, :, :3] - (photo * a + 255 * down * (1 - a))).max() <= 0.51
    # The shadow, seen where the subject is not: dark by its opacity in the middle, gone far from it.
    shade = Shadow("drop", x=0.5, y=0.1, blur=0.02, opacity=0.5, colour="#ff0000")
    alone = whole(Scene(shadow=shade), subject)
    assert alone[85, 190].tolist() == [255, 0, 0, 128]
    assert (alone[5, 5] == 0).all()
    both = whole(Scene(colour("#3366cc"), shade), subject)[85, 190]
    assert np.abs(both[:3] - (0.5 * np.array([255, 0, 0]) + 0.5 * blue)).max() <= 1
    lit = whole(Scene(colour("#ffffff", wrap=1.0)), subject).astype(int)
    unlit = whole(Scene(colour("#ffffff")), subject)
    gain = (lit - unlit)[70, :, 1]
    assert gain[90] <= 1 and gain[47] > 20, "the rim is lit, the middle is not"


def test_a_floor_shadow_lies_at_the_feet() -> None:
    alpha = np.zeros((200, 200), np.uint8)
    alpha[40:150, 80:120] = 255
    dark = whole(Scene(shadow=Shadow("floor", x=0, blur=0.01, opacity=1)), matte(alpha))[:, :, 3]
    dark[alpha > 0] = 0
    assert dark[152, 100] > 120
    assert dark[:135].max() < 10 and dark[170:].max() < 10


def test_a_blurred_original_has_nothing_of_the_subject_in_it() -> None:
    pixels = np.full((150, 200, 3), 100, np.uint8)
    pixels[:, 100:] = 160
    alpha = disc(200, 150, 100, 75, 40)
    mixed = pixels + alpha[:, :, None] / 255 * (np.array([0, 255, 0]) - pixels)
    pixels = mixed.round().astype(np.uint8)
    behind = Render(Scene(Background("blur", blur=0.03)), matte(alpha, pixels)).backdrop
    assert behind is not None
    rows = behind.rows(0, 150)
    assert (rows.max(2) - rows.min(2)).max() < 6, "grey everywhere, also under the subject"
    assert 99 <= rows.min() < 104 and 156 < rows.max() <= 161
    assert 120 < rows[5, 100, 0] < 140, "and soft"


def test_a_picture_fills_or_fits() -> None:
    pixels = np.zeros((40, 80, 3), np.uint8)
    pixels[:, :40], pixels[:, 40:] = (255, 0, 0), (0, 0, 255)
    picture = matte(np.zeros((40, 80), np.uint8), pixels).photo
    nothing = matte(np.zeros((60, 60), np.uint8))
    left = whole(Scene(Background("picture", x=0)), nothing, picture=picture)
    assert (left[:, :50, :3] == [255, 0, 0]).all(), "120 wide, of which the left half is seen"
    right = whole(Scene(Background("picture", x=1)), nothing, picture=picture)
    assert (right[:, 10:, :3] == [0, 0, 255]).all()
    fits = whole(Scene(Background("picture", "#00ff00", fit="fit")), nothing, picture=picture)
    assert (fits[:10, :, :3] == [0, 255, 0]).all() and (fits[22:38, :24, :3] == [255, 0, 0]).all()


def test_turned_pictures_are_turned() -> None:
    subject = matte(disc(160, 120, 50, 40, 25))
    cut = subject.rows(0, 120).astype(int)
    assert np.abs(whole(Scene(frame=Frame(straighten=90)), subject) - np.rot90(cut, -1)).max() <= 1
    assert (whole(Scene(frame=Frame(flip=True)), subject) == cut[:, ::-1]).all()
    turned = whole(Scene(frame=Frame(straighten=30)), subject)
    y, x = np.nonzero(turned[:, :, 3] > 127)
    angle = np.radians(30)
    dx, dy = 50 - 80, 40 - 60
    expected = dx * np.cos(angle) - dy * np.sin(angle), dx * np.sin(angle) + dy * np.cos(angle)
    middle = x.mean() + 0.5 - turned.shape[1] / 2, y.mean() + 0.5 - turned.shape[0] / 2
    assert np.abs(np.array(middle) - expected).max() < 0.3
    assert abs(len(y) - (cut[:, :, 3] > 127).sum()) < 20, "as large as before"
    seen = turned[:, :, 3] == 255
    assert np.abs(turned[seen][:, :3].mean(0) - cut[cut[:, :, 3] == 255][:, :3].mean(0)).max() < 1


def test_resized_pictures_keep_their_look() -> None:
    small = whole(Scene(frame=Frame(size="80x60")), matte(disc(320, 240, 140, 130, 80)))
    expected = matte(disc(80, 60, 35, 32.5, 20, soft=1.5)).rows(0, 60)[:, :, 3].astype(int)
    assert np.abs(small[:, :, 3] - expected).max() < 40
    assert abs(small[:, :, 3].mean() - expected.mean()) < 0.5
    large = whole(Scene(frame=Frame(size="640x480")), matte(np.full((240, 320), 255, np.uint8)))
    assert (large[:, :, 3] == 255).all(), "a border that is the photo's stays hard"


def test_a_crop_leaves_the_margin_asked_for_and_keeps_cut_sides_at_the_border() -> None:
    alpha = np.zeros((300, 400), np.uint8)
    alpha[100:200, 150:230] = 255
    free = place(Frame(crop=True, margin=0.1, aspect="1:1"), (400, 300), alpha)
    assert free.width == free.height and 125 <= free.width <= 126
    alpha[100:200, 150:231] = 255
    uneven = place(Frame(crop=True, margin=0.07, aspect="1:1"), (400, 300), alpha)
    assert uneven.width == uneven.height, "a square is one to the pixel"
    alpha[:, 230] = 0
    assert free.matrix[2] == pytest.approx(190 - 62.5, abs=1) and free.matrix[5] == pytest.approx(150 - 62.5, abs=1)
    alpha[100:, 150:230] = 255
    cut = place(Frame(crop=True, margin=0.1, size="100x100"), (400, 300), alpha)
    assert cut.matrix[5] + 100 * cut.matrix[4] == pytest.approx(300), "nothing below: the subject goes on there"
    wide = place(Frame(aspect="16:9"), (400, 300), alpha)
    assert (wide.width, wide.height) == (534, 300) and wide.matrix[2] == pytest.approx(-67, abs=0.5)


def test_a_passport_photo_has_the_head_where_offices_want_it() -> None:
    alpha = np.maximum(disc(400, 500, 210, 160, 60), disc(400, 500, 210, 180, 60))  # a head from 100 to 240
    alpha[235:280, 185:235] = 255  # a neck
    alpha[275:, 90:330] = 255  # shoulders
    placed = place(Frame(size="passport-35x45"), (400, 500), alpha)
    assert (placed.width, placed.height) == (413, 531)
    crown, chin = ((y - placed.matrix[5]) / placed.matrix[4] / 531 for y in (100, 250))
    assert crown == pytest.approx(0.10, abs=0.02)
    assert 0.68 <= chin - crown <= 0.80
    assert (210 - placed.matrix[2]) / placed.matrix[0] == pytest.approx(206, abs=6), "in the middle"


def display_p3() -> bytes:
    """The profile as its publishers give it: primaries brought to D50, sRGB's curve."""
    xyz = {
        b"rXYZ": (0.51512, 0.2412, -0.00105),
        b"gXYZ": (0.29198, 0.69225, 0.04189),
        b"bXYZ": (0.1571, 0.06657, 0.78407),
    }
    curve = b"para" + struct.pack(
        ">4xHxx5i", 3, *(round(65536 * n) for n in (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045))
    )
    tags = {name: b"XYZ " + struct.pack(">4x3i", *(round(65536 * n) for n in values)) for name, values in xyz.items()}
    tags |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
    offset, table, body = 132 + 12 * len(tags), b"", b""
    for name, data in tags.items():
        table += struct.pack(">4sII", name, offset + len(body), len(data))
        body += data
    head = struct.pack(">I8x4s4s4s12x4s88x", offset + len(body), b"mntr", b"RGB ", b"XYZ ", b"acsp")
    return head + struct.pack(">I", len(tags)) + table + body


def test_colours_of_the_screen_are_themselves_in_a_photo_of_another_space() -> None:
    icc = display_p3()
    nothing = matte(np.zeros((4, 4), np.uint8), icc=icc)
    assert np.abs(whole(Scene(colour("#ff0000")), nothing)[0, 0, :3] - [234, 51, 35]).max() <= 1
    assert (whole(Scene(colour("#ffffff")), nothing)[0, 0, :3] >= 254).all()
    grey = np.array([[10.0, 120, 250]], np.float32)
    there = converted(grey, SRGB, space_of(icc))
    assert np.abs(converted(there, space_of(icc), SRGB) - grey).max() < 0.5
    assert space_of(icc[:200]) is SRGB, "a damaged profile is no profile"


@pytest.mark.parametrize(
    ("plain", "words"),
    [
        ({"background": {"kind": "fog"}}, "none, colour, gradient, picture, blur"),
        ({"background": {"kind": "colour", "colour": "white"}}, "#c0ffee"),
        ({"shadow": {"opacity": 2}}, "between 0 and 1"),
        ({"shadow": {"blur": float("nan")}}, "between"),
        ({"frame": {"aspect": "wide"}}, "4:5"),
        ({"frame": {"aspect": "1:50"}}, "too narrow"),
        ({"frame": {"size": "99999x1"}}, "12000"),
        ({"frame": {"margin": "much"}}, "margin"),
        ({"frame": 3}, "group of settings"),
    ],
)
def test_settings_that_make_no_sense_are_refused(plain: dict[str, Any], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        scene_from_plain(plain)


def test_a_scene_survives_being_stored_and_forgets_what_it_does_not_know() -> None:
    for scene in EVERYTHING:
        assert scene_from_plain(scene.plain()) == scene
    assert scene_from_plain({"background": {"kind": "blur", "bokeh": 3}, "sound": 1}) == Scene(Background("blur"))


def test_a_canvas_beyond_all_measure_is_refused() -> None:
    with pytest.raises(TooLarge, match="100 megapixels"):
        place(Frame(aspect="20:1"), (5000, 5000), np.zeros((1, 1), np.uint8))
