"""Photos of every kind come in with the right pixels, or are refused with a sentence."""

import io
import struct
import tracemalloc
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, features

from hearth.errors import BadImage, TooLarge
from hearth.tools.cutout import from_rgba, jpeg_profile, read
from hearth.tools.cutout.formats import browser_format, jpeg_profile_parts
from hearth.tools.cutout.photo import Photo, check_size
from hearth.tools.cutout.screen import on_screen
from tests.tools.cutout.pictures import encoded, grey_profile, ink_profile, scene, srgb_profile, wide_profile

PICTURE = scene(70, 50)


def pixels(photo: Photo) -> np.ndarray:
    whole = photo.rows(0, photo.size[1])
    return whole if photo.has_alpha else whole[:, :, :3]


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "PPM", "TGA", "GIF", "ICO", "DDS", "QOI", "SGI", "PCX"])
def test_lossless_formats_come_in_exactly(kind: str) -> None:
    image = Image.fromarray(PICTURE)
    if kind == "GIF":
        image = image.quantize(64)
    photo = read(encoded(image, kind, **({"sizes": [(70, 50)]} if kind == "ICO" else {})))
    assert np.array_equal(pixels(photo), np.asarray(image.convert("RGB")))


@pytest.mark.parametrize(
    ("kind", "options"), [("JPEG", {"quality": 95}), ("JPEG", {"progressive": True}), ("WEBP", {})]
)
def test_lossy_formats_come_in_as_pillow_decodes_them(kind: str, options: dict[str, object]) -> None:
    data = encoded(PICTURE, kind, **options)
    assert np.array_equal(pixels(read(data)), np.asarray(Image.open(io.BytesIO(data)).convert("RGB")))


def test_lossless_webp_with_alpha_comes_in_exactly() -> None:
    picture = scene(40, 30, 4)
    photo = read(encoded(picture, "WEBP", lossless=True, exact=True))
    assert photo.has_alpha
    assert np.array_equal(pixels(photo), picture)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_exif_orientation_is_turned_upright(orientation: int) -> None:
    stored = {
        1: lambda p: p,
        2: lambda p: p[:, ::-1],
        3: lambda p: p[::-1, ::-1],
        4: lambda p: p[::-1],
        5: lambda p: p.transpose(1, 0, 2),
        6: lambda p: np.rot90(p, 1),
        7: lambda p: p.transpose(1, 0, 2)[::-1, ::-1],
        8: lambda p: np.rot90(p, -1),
    }[orientation](PICTURE)
    exif = Image.Exif()
    exif[0x0112] = orientation
    photo = read(encoded(np.ascontiguousarray(stored), "PNG", exif=exif))
    assert np.array_equal(pixels(photo), PICTURE)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_broken_exif_leaves_the_photo_as_it_lies() -> None:
    data = encoded(PICTURE, "JPEG", exif=b"Exif\x00\x00MM\x00*\x00\x00\xff\xff garbage")
    assert read(data).size == (70, 50)


def test_grey_becomes_equal_channels() -> None:
    grey = PICTURE[:, :, 0]
    assert np.array_equal(pixels(read(encoded(grey, "PNG"))), np.repeat(grey[:, :, None], 3, axis=2))


def test_one_bit_becomes_black_and_white() -> None:
    bits = Image.fromarray(PICTURE[:, :, 0]).convert("1")
    assert np.array_equal(pixels(read(encoded(bits, "PNG")))[:, :, 1], np.asarray(bits) * np.uint8(255))


def test_grey_with_alpha_keeps_it() -> None:
    picture = scene(40, 30, 2)
    photo = read(encoded(Image.fromarray(picture, "LA"), "PNG"))
    assert np.array_equal(pixels(photo), picture[:, :, [0, 0, 0, 1]])


def test_palette_with_one_transparent_colour_keeps_it() -> None:
    image = Image.fromarray(PICTURE).quantize(16)
    photo = read(encoded(image, "PNG", transparency=3))
    assert photo.has_alpha
    assert np.array_equal(pixels(photo)[:, :, 3] == 0, np.asarray(image) == 3)


def test_palette_with_alpha_for_each_colour_keeps_it() -> None:
    image = Image.fromarray(PICTURE).quantize(8)
    photo = read(encoded(image, "PNG", transparency=bytes(range(0, 240, 30))))
    assert np.array_equal(pixels(photo)[:, :, 3], np.asarray(image) * 30)


def test_transparent_colour_of_a_true_colour_png_keeps_it() -> None:
    picture = PICTURE.copy()
    picture[10:20, 10:20] = (1, 2, 3)
    photo = read(encoded(picture, "PNG", transparency=(1, 2, 3)))
    assert np.array_equal(pixels(photo)[:, :, 3] == 0, (picture == (1, 2, 3)).all(axis=2))


def test_alpha_that_hides_nothing_is_dropped() -> None:
    opaque = np.dstack([PICTURE, np.full(PICTURE.shape[:2], 255, np.uint8)])
    assert not read(encoded(opaque, "PNG")).has_alpha
    assert not from_rgba(opaque.tobytes(), 70, 50).has_alpha


def test_cmyk_jpeg_becomes_rgb_and_says_so() -> None:
    # Pillow writes these as Photoshop does: inks inverted, with an Adobe marker.
    photo = read(encoded(Image.fromarray(PICTURE).convert("CMYK"), "JPEG", quality=95))
    assert np.abs(pixels(photo).astype(int) - PICTURE).mean() < 4
    assert any("CMYK" in str(note) for note in photo.notes)


def test_inks_become_the_screens_colours_by_their_profile() -> None:
    if not features.check("littlecms2"):
        pytest.skip("Pillow in the page has no LittleCMS; there the browser converts")
    inks = Image.new("CMYK", (20, 10))
    for x, ink in enumerate([(0, 0, 0, 0), (255, 0, 0, 0), (0, 255, 0, 0), (0, 0, 255, 0), (0, 0, 0, 255)]):
        inks.paste(ink, (4 * x, 0, 4 * x + 4, 10))
    photo = read(encoded(inks, "TIFF", icc_profile=ink_profile()))
    shown = pixels(photo)[5, 2::4].astype(int)
    # The profile's L*a*b* as sRGB, paper being white: as inks are printed, not as they are named.
    wanted = [(255, 255, 255), (0, 145, 213), (218, 0, 122), (246, 221, 0), (40, 40, 40)]
    assert np.abs(shown - wanted).max() < 30
    assert np.abs(shown[0] - wanted[0]).max() < 3 and np.abs(shown[4] - wanted[4]).max() < 8
    assert photo.icc is None
    assert [str(note) for note in photo.notes] == ["The CMYK colours were brought to the screen's by their profile."]


def test_a_damaged_profile_of_inks_is_left_aside() -> None:
    spoilt = ink_profile()[:150]
    photo = read(encoded(Image.fromarray(PICTURE).convert("CMYK"), "TIFF", icc_profile=spoilt))
    assert np.abs(pixels(photo).astype(int) - PICTURE).max() <= 2
    assert "left out" in str(photo.notes[0])
    assert "without their profile" in str(photo.notes[1])


@pytest.mark.parametrize(
    ("chunks", "shown"),
    [
        ([(b"cICP", bytes((12, 13, 0, 1)))], [[218, 23, 40], [0, 163, 18], [128, 128, 128]]),  # Display P3
        ([(b"gAMA", struct.pack(">I", 100_000))], [[229, 124, 124], [124, 207, 124], [188, 188, 188]]),  # light itself
    ],
)
def test_colours_that_a_png_says_by_numbers_are_kept_as_a_profile(
    chunks: list[tuple[bytes, bytes]], shown: list[list[int]]
) -> None:
    colours = np.array([[[200, 50, 50], [50, 160, 50], [128, 128, 128]]], np.uint8)
    plain = encoded(colours, "PNG")

    def told(*chunks: tuple[bytes, bytes]) -> bytes:
        made = (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
            for kind, data in chunks
        )
        return plain[:33] + b"".join(made) + plain[33:]

    photo = read(told(*chunks))
    assert np.array_equal(pixels(photo), colours)
    on_it = np.asarray(on_screen(Image.fromarray(colours), photo.icc)).astype(int)
    assert np.abs(on_it - shown).max() <= 4
    assert read(told((b"gAMA", struct.pack(">I", 45455)))).icc is None, "sRGB, as most programs say it"
    assert read(told((b"sRGB", b"\0"), *chunks[1:])).icc is None
    nonsense = (100_000, 6, 33_000, 1 << 31, 0, 33_000, 3, 3)
    assert read(told((b"gAMA", struct.pack(">I", 100_000)), (b"cHRM", struct.pack(">8I", *nonsense)))).icc is None
    pq = read(told((b"cICP", bytes((9, 16, 0, 1)))))
    assert pq.icc is None and "HDR" in str(pq.notes[0])


def test_the_profile_of_a_wide_space_is_kept_and_shown_right_on_a_screen() -> None:
    photo = read(encoded(PICTURE, "PNG", icc_profile=wide_profile()))
    assert photo.icc == wide_profile()
    assert np.array_equal(pixels(photo), PICTURE), "numbers stay as they are; the file says what they mean"
    colours = np.array([[[200, 60, 50], [90, 160, 70], [128, 128, 128], [255, 255, 255]]], np.uint8)
    shown = np.asarray(on_screen(Image.fromarray(colours), photo.icc)).astype(int)
    # From Display P3 to sRGB: a red and a green of the same numbers are more vivid, greys are what they were.
    assert np.abs(shown[0] - [[218, 42, 37], [59, 162, 58], [128, 128, 128], [255, 255, 255]]).max() <= 4
    assert on_screen(Image.fromarray(colours), None).tobytes() == colours.tobytes()


def test_ycck_jpeg_becomes_rgb() -> None:
    inks = Image.fromarray(PICTURE).convert("CMYK")
    cyan, magenta, yellow, black = inks.split()
    ycc = Image.merge("RGB", (cyan, magenta, yellow)).convert("YCbCr")
    stored = np.dstack([np.asarray(ycc), 255 - np.asarray(black)])
    # Pillow inverts what it is given; the marker's last byte then turns "CMYK" into "YCCK".
    data = bytearray(encoded(Image.frombytes("CMYK", (70, 50), (255 - stored).tobytes()), "JPEG", quality=95))
    adobe = bytes(data).find(b"\xff\xee\x00\x0eAdobe")
    assert data[adobe + 15] == 0
    data[adobe + 15] = 2
    for marker, first, step in ((b"\xff\xc0", 10, 3), (b"\xff\xda", 5, 2)):  # its components are numbered, not "CMYK"
        at = data.find(marker) + first
        data[at : at + 4 * step : step] = bytes((1, 2, 3, 4))
    assert np.abs(pixels(read(bytes(data))).astype(int) - PICTURE).mean() < 4


def test_sixteen_bit_grey_is_scaled_not_clipped() -> None:
    grey = np.linspace(0, 65535, 70 * 50, dtype=np.uint16).reshape(50, 70)
    for kind in ("PNG", "TIFF"):
        photo = read(encoded(Image.fromarray(grey), kind))
        assert np.array_equal(pixels(photo)[:, :, 0], (grey >> 8).astype(np.uint8))
        assert any("16 bits" in str(note) for note in photo.notes)


def test_sixteen_bit_colour_png_comes_in() -> None:
    wide = PICTURE.astype(">u2") * 257
    data = _png(70, 50, 16, 2, b"".join(b"\0" + row.tobytes() for row in wide))
    photo = read(data)
    assert np.array_equal(pixels(photo), PICTURE)
    assert [str(note) for note in photo.notes] == ["16 bits a channel were brought to 8."]


def _tiff(
    values: np.ndarray,
    photometric: int,
    order: str = "<",
    packing: int = 1,
    rows: int = 16,
    **more: int | tuple[int, ...],
) -> bytes:
    """A TIFF of the values (planes, H, W, channels) in strips of so many rows; `packing` 1 is none, 8 deflate after a
    predictor."""
    planes, height, width, channels = values.shape
    if packing == 8:
        values = np.diff(values, axis=2, prepend=values.dtype.type(0))
    strips = [plane[top : top + rows] for plane in values for top in range(0, height, rows)]
    packed = [strip.astype(strip.dtype.newbyteorder(order)).tobytes() for strip in strips]
    packed = [zlib.compress(strip) for strip in packed] if packing == 8 else packed
    starts = np.cumsum([8, *map(len, packed)]).tolist()
    tags: dict[int, int | tuple[int, ...]] = {256: width, 257: height, 258: (8 * values.itemsize,) * planes * channels}
    tags |= {259: packing, 262: photometric, 273: tuple(starts[:-1]), 277: planes * channels, 278: rows}
    tags |= {279: tuple(map(len, packed)), 284: 2 if planes > 1 else 1, 317: 2 if packing == 8 else 1}
    tags |= {int(name[1:]): value for name, value in more.items()}
    body, at = b"", starts[-1] + 6 + 12 * len(tags)
    directory = struct.pack(order + "H", len(tags))
    for tag, value in sorted(tags.items()):
        longs = value if isinstance(value, tuple) else (value,)
        content = struct.pack(f"{order}{len(longs)}I", *longs)
        place = content if len(longs) == 1 else struct.pack(order + "I", at + len(body))
        body += content if len(longs) > 1 else b""
        directory += struct.pack(order + "HHI", tag, 4, len(longs)) + place
    head = struct.pack(order + "2sHI", b"II" if order == "<" else b"MM", 42, starts[-1])
    return head + b"".join(packed) + directory + bytes(4) + body


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("packing", [1, 8])
def test_sixteen_bit_tiffs_come_in_however_they_are_laid_out(order: str, packing: int) -> None:
    wide = PICTURE.astype(np.uint16) * 257
    photo = read(_tiff(wide[None], 2, order, packing))
    assert np.array_equal(pixels(photo), PICTURE)
    assert [str(note) for note in photo.notes] == ["16 bits a channel were brought to 8."]
    planes = _tiff(np.moveaxis(wide, 2, 0)[..., None], 2, order, packing)
    assert np.array_equal(pixels(read(planes)), PICTURE)
    greys = wide[None, :, :, :1]
    for photometric, stored in ((0, 65535 - greys), (1, greys)):
        assert np.array_equal(pixels(read(_tiff(stored, photometric, order, packing)))[:, :, 0], PICTURE[:, :, 0])
    clear = np.full_like(greys, 0x8000)
    times_alpha = np.concatenate([greys // 2, clear], axis=3)
    found = read(_tiff(times_alpha, 1, order, packing, t338=1))
    assert found.has_alpha and (found.pixels[:, :, 3] == 0x80).all()
    assert np.abs(found.pixels[:, :, 0].astype(int) - PICTURE[:, :, 0]).max() <= 1
    layers = _tiff(np.moveaxis(times_alpha[0], 2, 0)[..., None], 1, order, packing, t338=1)
    assert np.array_equal(read(layers).pixels, found.pixels)
    with pytest.raises(BadImage, match="damaged"):
        read(planes[: len(planes) // 2] + planes[-400:])


def test_tiffs_of_twelve_bits_are_as_bright_as_they_are_and_a_predictor_without_packing_means_nothing() -> None:
    greys = PICTURE[:, :32, 0].astype(int) * 4095 // 255
    first, second = greys[:, ::2], greys[:, 1::2]
    packed = np.stack([first >> 4, (first & 15) << 4 | second >> 8, second & 255], axis=2).reshape(1, len(greys), -1, 1)
    photo = read(_tiff(packed.astype(np.uint8), 1, t256=32, t258=12))
    assert np.array_equal(photo.pixels[:, :, 0], greys >> 4)
    with pytest.raises(BadImage):
        read(_tiff(packed.astype(np.uint8).repeat(3, 2), 2, packing=8, t256=32, t258=(12, 12, 12), t277=3))
    wide = PICTURE[None].astype(np.uint16) * 257
    assert np.array_equal(pixels(read(_tiff(wide, 2, t317=2))), PICTURE)


def test_eight_bits_packed_by_deflate_come_in_without_libtiff() -> None:
    assert np.array_equal(pixels(read(_tiff(PICTURE[None], 2, packing=8))), PICTURE)
    indices = np.asarray(Image.fromarray(PICTURE).quantize(200))
    table = tuple(257 * n for band in np.random.default_rng(0).integers(0, 256, (3, 256)) for n in band.tolist())
    found = pixels(read(_tiff(indices[None, :, :, None], 3, packing=8, t320=table)))
    assert np.array_equal(found, (np.reshape(table, (3, 256)).T // 257)[indices])


def test_a_tile_may_reach_far_over_the_rim() -> None:
    tile = np.zeros((1, 256, 256, 3), np.uint8)
    tile[0, :50, :70] = PICTURE
    data = _tiff(tile, 2, packing=8, rows=256, t256=70, t257=50, t322=256, t323=256, t324=8, t325=tile.nbytes)
    assert np.array_equal(pixels(read(data)), PICTURE)


@pytest.mark.skipif(not features.check("littlecms2"), reason="this Pillow is built without LittleCMS")
def test_lab_becomes_the_screens_colours() -> None:
    from PIL import ImageCms

    screen, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    inside = ImageCms.profileToProfile(Image.fromarray(PICTURE), screen, lab, outputMode="LAB")
    assert inside is not None
    assert inside is not None
    photo = read(encoded(inside, "TIFF"))
    apart = np.abs(pixels(photo).astype(int) - PICTURE)
    assert apart.max() <= 5 and apart.mean() < 1  # steps of eight bits in Lab are wider than in sRGB
    assert "Lab" in str(photo.notes[0])


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_eight_bits_are_nothing_to_tell(kind: str) -> None:
    assert read(encoded(Image.fromarray(PICTURE), kind)).notes == ()


def test_floating_point_pictures_are_refused() -> None:
    with pytest.raises(BadImage, match="8-bit"):
        read(encoded(Image.fromarray(np.zeros((4, 4), np.float32)), "TIFF"))


def test_a_cameras_raw_file_is_not_taken_for_the_small_preview_in_it() -> None:
    with pytest.raises(BadImage, match="raw"):
        read(_tiff(PICTURE[None], 2, t50706=(1, 4, 0, 0)))
    with pytest.raises(BadImage, match="raw"):
        read(_tiff(PICTURE[None], 2, t254=1, t330=8))


@pytest.mark.parametrize(("packing", "name"), [(50001, "WebP"), (34712, "JPEG 2000")])
def test_a_packing_that_nobody_reads_is_named(packing: int, name: str) -> None:
    with pytest.raises(BadImage, match=f"TIFF .{name}"):
        read(_tiff(PICTURE[None], 2, packing=packing))


def test_jpegs_of_rare_kinds_are_named() -> None:
    data = bytearray(encoded(PICTURE, "JPEG"))
    at = data.find(b"\xff\xc0")
    data[at + 4] = 12
    with pytest.raises(BadImage, match="12-bit JPEG"):
        read(bytes(data))
    data[at + 1] = 0xC3
    with pytest.raises(BadImage, match="lossless JPEG"):
        read(bytes(data))


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_first_frame_of_an_animation_is_taken_and_told(kind: str) -> None:
    first, second = (Image.fromarray(np.full((20, 30, 3), value, np.uint8)) for value in (30, 200))
    options = {"lossless": True} if kind == "WEBP" else {}
    photo = read(encoded(first, kind, save_all=True, append_images=[second], **options))
    assert np.array_equal(pixels(photo), np.asarray(first))
    assert [str(note) for note in photo.notes] == ["The first frame of an animation was taken."]


def test_first_page_of_a_tiff_is_taken_and_told() -> None:
    data = encoded(PICTURE, "TIFF", save_all=True, append_images=[Image.fromarray(PICTURE)] * 2)
    assert [str(note) for note in read(data).notes] == ["The first of 3 pages was taken."]


def test_further_pictures_in_a_phones_jpeg_are_nothing_to_tell() -> None:
    data = encoded(PICTURE, "MPO", save_all=True, append_images=[Image.fromarray(PICTURE[:20, :20].copy())])
    photo = read(data)
    assert photo.size == (70, 50)
    assert photo.notes == ()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF"])
def test_colour_profile_is_kept(kind: str) -> None:
    profile = srgb_profile()
    assert read(encoded(PICTURE, kind, icc_profile=profile)).icc == profile


def test_profile_for_another_colour_space_is_dropped() -> None:
    profile = bytearray(srgb_profile())
    profile[16:20] = b"GRAY"
    assert read(encoded(PICTURE[:, :, 0], "PNG", icc_profile=bytes(profile))).icc is None


@pytest.mark.parametrize("profile", [b"no profile" * 30, wide_profile()[:200], ink_profile()])
def test_a_profile_that_is_damaged_or_for_other_colours_is_left_out_and_told(profile: bytes) -> None:
    for kind in ("PNG", "JPEG"):
        data = encoded(PICTURE, kind, icc_profile=profile)
        photo = read(data)
        assert photo.icc is None
        assert "left out" in str(photo.notes[0])
    assert jpeg_profile(data) == (True, None, list(photo.notes))


@pytest.mark.parametrize(("gamma", "connection"), [(1.8, b"XYZ "), (1.0, b"XYZ "), (2.2, b"XYZ "), (1.3, b"Lab ")])
def test_greys_become_the_screens_by_their_profile(gamma: float, connection: bytes) -> None:
    icc, ramp = grey_profile(gamma, connection), np.arange(256, dtype=np.uint8)[None].repeat(4, 0)
    value = (ramp[0] / 255) ** gamma
    light = value if connection == b"XYZ " else np.where(value > 0.08, ((value + 0.16) / 1.16) ** 3, value / 9.033)
    wanted = np.where(light > 0.0031308, 1.055 * light ** (1 / 2.4) - 0.055, 12.92 * light) * 255
    for data in (encoded(ramp, "PNG", icc_profile=icc), encoded(ramp, "TIFF", icc_profile=icc)):
        photo = read(data)
        assert np.abs(pixels(photo)[0] - wanted[:, None]).max() < 1
        assert photo.icc is None
        assert [str(note) for note in photo.notes] == ["The greys were brought to the screen's by their profile."]
    transparent = Image.fromarray(np.dstack([ramp, ramp]), "LA")
    photo = read(encoded(transparent, "PNG", icc_profile=icc))
    assert np.abs(pixels(photo)[0, :, 0] - wanted).max() < 1 and np.array_equal(pixels(photo)[0, :, 3], ramp[0])
    wide = np.linspace(0, 65535, 256 * 4, dtype=np.uint16).reshape(4, 256)
    photo = read(encoded(Image.fromarray(wide), "TIFF", icc_profile=icc))
    assert np.array_equal(pixels(photo)[[0, -1], [0, -1], 0], [0, 255])
    if features.check("littlecms2"):
        from PIL import ImageCms

        srgb, exact = ImageCms.createProfile("sRGB"), ImageCms.Flags.NOOPTIMIZE
        grey = Image.fromarray(ramp)
        theirs = ImageCms.profileToProfile(grey, io.BytesIO(icc), srgb, outputMode="RGB", flags=exact)
        assert np.abs(np.asarray(theirs)[0].astype(int) - wanted[:, None]).max() < 3


def test_a_jpeg_with_a_profile_for_its_greys_is_read_by_pillow() -> None:
    icc = grey_profile(1.0)
    data = encoded(np.full((20, 30), 64, np.uint8), "JPEG", icc_profile=icc)
    assert jpeg_profile(data) == (False, None, [])
    assert pixels(read(data))[5, 5].tolist() == [137, 137, 137]


def test_a_jpeg_is_the_same_without_the_parts_of_its_profile() -> None:
    profile = wide_profile().ljust(140_000, b"\0")  # in three segments
    data = encoded(PICTURE, "JPEG", icc_profile=profile)
    parts = jpeg_profile_parts(data)
    assert len(parts) == 3
    for start, end in reversed(parts):
        data = data[:start] + data[end:]
    assert data == encoded(PICTURE, "JPEG")
    assert jpeg_profile_parts(data) == jpeg_profile_parts(data[:300]) == jpeg_profile_parts(b"\xff\xd8") == []


@pytest.mark.parametrize("subsampling", [(1, 1), (2, 2)])
def test_uncompressed_luma_and_chroma_of_a_tiff_become_rgb(subsampling: tuple[int, int]) -> None:
    whole = Image.fromarray(PICTURE).convert("YCbCr")
    data = bytearray(encoded(whole, "TIFF", tiffinfo={278: 16, 530: subsampling, 274: 3}))
    if subsampling == (2, 2):  # Pillow writes the tag, and not what it says
        y, cb, cr = np.moveaxis(np.asarray(whole), 2, 0)
        luma = y.reshape(25, 2, 35, 2).swapaxes(1, 2).reshape(25, 35, 4)
        units = np.concatenate([luma, cb[::2, ::2, None], cr[::2, ::2, None]], axis=2)
        with Image.open(io.BytesIO(data)) as image:
            for strip, start in enumerate(image.tag_v2[273]):  # type: ignore[attr-defined]
                packed = units[8 * strip : 8 * strip + 8].tobytes()
                data[start : start + len(packed)] = packed
    turned = pixels(read(bytes(data)))[::-1, ::-1].astype(int)
    assert np.abs(turned - PICTURE).mean() < 4
    with pytest.raises(BadImage, match="damaged"):
        read(bytes(data[: len(data) // 2]))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP"])
@pytest.mark.parametrize("kept", [0.3, 0.6, 0.95])
def test_truncated_files_are_refused(kind: str, kept: float) -> None:
    source = Image.fromarray(scene(300, 200))
    data = encoded(source.quantize(200) if kind == "GIF" else source, kind)
    with pytest.raises(BadImage, match="damaged"):
        read(data[: int(len(data) * kept)])


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"hello, world", "not a photo"),
        (b"\0" * 5000, "not a photo"),
        (b"%PDF-1.7 ...", "PDF"),
        (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
        (b"PK\x03\x04....", "archive"),
        (b"\n<!DOCTYPE html><html></html>", "web page"),
        (b"II*\0\x10\0\0\0CR\x02\0", "raw"),
        (b"\0\0\0\x18ftypcrx \0\0\0\1crx isom", "raw"),
        (b"IIU\0\x08\0\0\0", "raw"),
        (b"8BPS\0\1" + bytes(6) + b"\0\3\0\0\0\1\0\0\0\1\0\x10\0\3", "Photoshop"),
        (b"\xff\xd8\xff\xe0", "damaged"),
        (b"\0\0\0\x18ftypisom\0\0\0\0isommp41", "video"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC"),
        (b"RIFF\x10\0\0\0WAVEfmt ", "sound"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\n%%EndComments\n", "EPS"),
    ],
)
def test_what_is_no_photo_is_named(data: bytes, words: str) -> None:
    with pytest.raises(BadImage, match=words):
        read(data)


def test_formats_that_a_browser_may_read_are_told_apart() -> None:
    assert browser_format(b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf") == "AVIF"
    assert browser_format(b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf") == "AVIF"
    assert browser_format(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic") == "HEIC"
    assert browser_format(b"\xff\x0a....") == "JPEG XL"
    assert browser_format(encoded(PICTURE, "JPEG")) is None
    assert browser_format(b"") is None


@pytest.mark.skipif(not features.check("avif"), reason="this Pillow is built without AVIF")
def test_avif_is_read_where_pillow_can() -> None:
    data = encoded(PICTURE, "AVIF", quality=90)
    assert browser_format(data) == "AVIF"
    assert np.abs(pixels(read(data)).astype(int) - PICTURE).mean() < 4


def test_one_pixel_is_a_photo() -> None:
    assert pixels(read(encoded(np.array([[[1, 2, 3]]], np.uint8), "PNG"))).tolist() == [[[1, 2, 3]]]


@pytest.mark.parametrize(("width", "height"), [(8688, 5792), (8192, 6144), (1, 65_535), (1, 1)])
def test_sizes_within_the_limit_are_welcome(width: int, height: int) -> None:
    check_size(width, height)


@pytest.mark.parametrize(("width", "height"), [(9000, 7000), (65_535, 65_535), (8000, 6400)])
def test_too_many_pixels_are_refused_with_the_limit_and_the_size(width: int, height: int) -> None:
    with pytest.raises(TooLarge, match=rf"{width:,} × {height:,} pixels.*limit is 50 megapixels"):
        check_size(width, height)


def test_a_side_that_is_too_long_is_refused() -> None:
    with pytest.raises(TooLarge, match="65,535 pixels a side"):
        check_size(70_000, 2)


@pytest.mark.parametrize("kind", ["PNG", "PNG's head", "WEBP", "GIF", "JPEG"])
def test_bombs_are_refused_before_memory_is_taken(kind: str) -> None:
    if kind == "PNG":
        data = bytearray(_png(60_000, 60_000, 8, 2, b""))
    elif kind == "PNG's head":
        data = bytearray(_png(60_000, 60_000, 8, 2, b"")[:29])
    else:
        data = bytearray(encoded(scene(64, 64), kind))
        if kind == "WEBP":
            data = bytearray(b"RIFF\x40\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0" + b"\xff\x3f\0\xff\x3f\0" + b"\0" * 40)
        elif kind == "GIF":
            data[6:10] = struct.pack("<HH", 60_000, 60_000)
        else:
            at = bytes(data).find(b"\xff\xc0") + 5
            data[at : at + 4] = struct.pack(">HH", 60_000, 60_000)
    tracemalloc.start()
    with pytest.raises(TooLarge, match="limit is 50 megapixels"):
        read(bytes(data))
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


def test_pillows_own_limit_is_left_as_it_was() -> None:
    before = Image.MAX_IMAGE_PIXELS
    read(encoded(PICTURE, "PNG"))
    assert before == Image.MAX_IMAGE_PIXELS


def test_raw_pixels_come_in_exactly() -> None:
    picture = scene(33, 21, 4)
    photo = from_rgba(picture.tobytes(), 33, 21)
    assert np.array_equal(pixels(photo), picture)
    assert np.array_equal(photo.rows(5, 9), picture[5:9])


def test_raw_pixels_of_the_wrong_number_are_refused() -> None:
    with pytest.raises(BadImage, match="need four bytes each, but there are 2,771"):
        from_rgba(bytes(2771), 33, 21)


@settings(max_examples=150)
@given(
    kind=st.sampled_from(["PNG", "JPEG", "WEBP", "GIF", "TIFF", "BMP", "TGA", "ICO", "ICNS", "PPM"]),
    places=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=12),
    kept=st.floats(0.1, 1),
)
def test_damage_anywhere_ends_in_a_photo_or_a_sentence(kind: str, places: list[tuple[float, int]], kept: float) -> None:
    data = bytearray(encoded(scene(40, 30), kind))
    for place, value in places:
        data[int(place * (len(data) - 1))] = value
    try:
        photo = read(bytes(data[: int(len(data) * kept)]))
    except (BadImage, TooLarge) as error:
        assert str(error).endswith((".", ")"))
    else:
        assert photo.rows(0, 1).shape == (1, photo.size[0], 4)


def _png(width: int, height: int, depth: int, colour_type: int, rows: bytes) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body
