"""Reading a photo: bytes of any common format -> an upright picture, 8 bits a channel, or a clear refusal."""

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError, features

from hearth.errors import BadImage, TooLarge
from hearth.tools.cutout import formats, lab, png_colours, profile, tiff
from hearth.tools.cutout.damage import DAMAGE
from hearth.tools.cutout.tones import Curve, greys_on_screen, light_of_greys
from hearth.words import Words, say

MAX_MEGAPIXELS = 50
"""Cameras round, and so does the limit: 8688 x 5792 pixels are sold as 50 megapixels and are welcome."""

MAX_SIDE = 65_535
"""Pixels; the longest side that a JPEG can have."""

BACKDROP = (128, 128, 128)
"""What lies behind transparent pixels for the network: grey, on which white and black things both stand out."""

Pixels = bytes | memoryview
"""Four bytes each: red, green, blue, straight alpha."""

_STRIP_PIXELS = 1 << 18  # between two copies
_BITS_PER_SAMPLE = 258  # a tag of TIFF
_GREYS = {"1", "L", "LA", "I", "I;16", "I;16B", "I;16L"}  # modes of grey pictures

# Other plugins of Pillow run programs (EPS), or open files that no person calls a photo.
_FORMATS = {"AVIF", "BMP", "DDS", "DIB", "GIF", "ICNS", "ICO", "JPEG", "JPEG2000", "MPO", "PCX", "PNG", "PPM"}
_FORMATS |= {"PSD", "QOI", "SGI", "TGA", "TIFF", "WEBP"}


@dataclass(frozen=True)
class Photo:
    """A decoded photo: one array, read in strips by whoever needs the pixels."""

    pixels: NDArray[np.uint8]
    """(H, W, 4), C-contiguous and upright: red, green, blue and, if `has_alpha`, straight alpha; else a byte unused."""

    has_alpha: bool = False

    icc: bytes | None = None
    """The ICC profile in which the colours are meant."""

    notes: tuple[Words, ...] = ()
    """What a person should know about how the file was read, as sentences."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        height, width, _ = self.pixels.shape
        return width, height

    @property
    def image(self) -> Image.Image:
        """The same memory as a picture of Pillow's, mode "RGBA" or "RGBX"; not to be written to."""
        mode = "RGBA" if self.has_alpha else "RGBX"
        return Image.frombuffer(mode, self.size, self.pixels, "raw", mode, 0, 1)

    def rows(self, top: int, bottom: int) -> NDArray[np.uint8]:
        """A copy of rows top..bottom, (bottom - top, W, 4)."""
        return self.pixels[top:bottom].copy()


def from_image(image: Image.Image, icc: bytes | None = None, notes: Sequence[Words] = ()) -> Photo:
    """A photo from an upright picture of Pillow's, mode "RGB" or "RGBA"; copied a strip at a time."""
    width, height = image.size
    has_alpha = image.mode == "RGBA"
    pixels = np.empty((height, width, 4), np.uint8)
    step = max(1, _STRIP_PIXELS // width)
    for top in range(0, height, step):
        strip = image.crop((0, top, width, min(top + step, height)))
        packed = strip.tobytes("raw", "RGBA" if has_alpha else "RGBX")
        pixels[top : top + step] = np.frombuffer(packed, np.uint8).reshape(-1, width, 4)
    return Photo(pixels, has_alpha, icc, tuple(notes))


def read(data: bytes) -> Photo:
    """Decodes a photo from the bytes of its file.

    Turns it upright by its EXIF orientation; takes the first frame or page; keeps transparency; brings
    palettes, grey, CMYK and 16 bits to 8-bit RGB, inks and greys by their profile. Raises BadImage for bytes that are
    no photo or a damaged one, and TooLarge, before anything is decoded, for one over the limit.
    """
    if not data:
        raise BadImage(say("photo.empty"))
    if (size := formats.webp_size(data) or formats.png_size(data)) is not None:
        check_size(*size)
    image = _open(data)
    check_size(*image.size)
    notes = [*_frame_notes(image), *_profile_notes(image)]
    icc = None if image.mode in ("CMYK", "LAB") else _profile(image, b"RGB ")
    if image.format == "PNG" and icc is None:
        icc = png_colours.profile_of(data)
        notes += [say("note.hdr")] if png_colours.is_hdr(data) else []
    wide, grey = _has_16_bits(image, data), _light_of_greys(image)
    try:
        image.load()
    except MemoryError:
        raise TooLarge(say("photo.no-memory-for", size=_size(*image.size))) from None
    except DAMAGE as error:
        raise BadImage(formats.why_not_decoded(data, str(image.format))) from error
    image, upright_notes = _to_rgb(_upright(image), wide, grey)
    notes += upright_notes
    return from_image(image, icc, notes)


def jpeg_profile(data: bytes) -> tuple[bool, bytes | None, list[Words]]:
    """Whether the colours of a JPEG are a screen's, RGB or grey, and neither CMYK nor greys of a profile; the profile
    that colours or inks are meant in; and what is to be said of one that is left out.

    Reads the header alone. Raises BadImage and TooLarge as `read` does.
    """
    image = _open(data)
    check_size(*image.size)
    for_screens = image.mode in ("RGB", "L") and _light_of_greys(image) is None
    return for_screens, _profile(image, b"RGB " if for_screens else b"CMYK"), list(_profile_notes(image))


def from_rgba(pixels: Pixels, width: int, height: int, icc: bytes | None = None, notes: Sequence[Words] = ()) -> Photo:
    """A photo decoded elsewhere: width * height pixels of four bytes, red, green, blue, straight alpha.

    `icc` is the profile in which they are meant, `notes` what is to be said about that. The bytes are not copied.
    Raises BadImage when there are too few or too many of them, TooLarge as `read` does.
    """
    check_size(width, height)
    if len(pixels) != width * height * 4:
        raise BadImage(say("photo.wrong-bytes", width=width, height=height, count=len(pixels)))
    array = np.frombuffer(pixels, np.uint8).reshape(height, width, 4)
    step = max(1, _STRIP_PIXELS // width)
    has_alpha = any(array[top : top + step, :, 3].min() < 255 for top in range(0, height, step))
    return Photo(array, has_alpha, icc, tuple(notes))


def check_size(width: int, height: int) -> None:
    """Raises TooLarge, which names limit and size, for a photo over it; BadImage for one without pixels."""
    if width < 1 or height < 1:
        raise BadImage(say("photo.no-pixels"))
    if round(width * height / 1e6) > MAX_MEGAPIXELS:
        raise TooLarge(say("photo.too-large", size=_size(width, height), limit=MAX_MEGAPIXELS))
    if max(width, height) > MAX_SIDE:
        raise TooLarge(say("photo.too-long", width=width, height=height, limit=MAX_SIDE))


def _size(width: int, height: int) -> Words:
    return say("photo.size", width=width, height=height, megapixels=width * height / 1e6)


def _open(data: bytes) -> Image.Image:
    """The file's header read; its pixels not yet, but for some TIFFs."""
    tags = tiff.tags_of(data)
    try:
        if tags is not None:
            tiff.refuse(data, tags)
            if tiff.is_read_here(tags):
                check_size(*tiff.size_of(tags))
                with _no_limit_of_pillows_own():
                    return tiff.read(data, tags)
        with _no_limit_of_pillows_own():
            image = Image.open(io.BytesIO(data))
    except UnidentifiedImageError:
        raise BadImage(formats.describe(data)) from None
    except MemoryError:
        raise TooLarge(say("photo.no-memory")) from None
    except DAMAGE as error:
        raise BadImage(say("photo.damaged") if tags is None else say("photo.incomplete", format="TIFF")) from error
    if image.format not in _FORMATS:
        raise BadImage(say("photo.kind-not-read", kind=image.format))
    return image


@contextmanager
def _no_limit_of_pillows_own() -> Iterator[None]:
    """Pillow refuses bombs without naming their size; `check_size` is stricter and comes before decoding."""
    limit = Image.MAX_IMAGE_PIXELS
    Image.MAX_IMAGE_PIXELS = None
    try:
        yield
    finally:
        Image.MAX_IMAGE_PIXELS = limit


def _frame_notes(image: Image.Image) -> Iterator[Words]:
    try:
        frames = getattr(image, "n_frames", 1)
    except DAMAGE:  # later frames are damaged; the first may still be read
        return
    if frames > 1 and image.format == "TIFF":
        yield say("note.first-page", count=frames)
    # A phone's JPEG of the kind MPO carries previews and depth maps as further frames: nothing to tell.
    elif frames > 1 and image.format in {"GIF", "PNG", "WEBP", "AVIF"}:
        yield say("note.first-frame")


def _upright(image: Image.Image) -> Image.Image:
    for name in ("xmp", "XML:com.adobe.xmp"):  # only EXIF says how a photo lies, to browsers too
        image.info.pop(name, None)
    with suppress(*DAMAGE):  # EXIF data that cannot be read say nothing about the orientation
        ImageOps.exif_transpose(image, in_place=True)
    return image


def _has_16_bits(image: Image.Image, data: bytes) -> bool:
    """By the file's header: Pillow brings colours to 8 bits without a word."""
    if image.format == "PNG":
        return formats.png_depth(data) == 16
    with suppress(*DAMAGE):
        return 16 in getattr(image, "tag_v2", {}).get(_BITS_PER_SAMPLE, ())
    return False


def _to_rgb(image: Image.Image, wide: bool, grey: Curve | None) -> tuple[Image.Image, list[Words]]:
    """Mode RGB, or RGBA where some pixel is transparent, and notes on what that cost.

    `wide`: it had 16 bits. `grey`: what light its greys are, by their profile.
    """
    notes = [] if grey is None else [say("note.grey-profile")]
    if image.mode.startswith("I"):
        image, wide, grey = _from_16_bits(image, grey), True, None
    if wide:
        notes.append(say("note.16-bits"))
    if image.mode == "CMYK":
        in_rgb = _by_profile(image)
        notes.append(say("note.cmyk-profile" if in_rgb else "note.cmyk"))
        image = in_rgb or image
    if image.mode == "LAB":
        image = lab.on_screen(image)
        notes.append(say("note.lab"))
    if image.mode in {"F", "HSV"}:
        raise BadImage(say("photo.no-screen-colours"))
    try:
        mode = "RGBA" if image.has_transparency_data else "RGB"
        converted = image if image.mode == mode else image.convert(mode)
    except DAMAGE as error:
        raise BadImage(say("photo.mode-not-read", mode=image.mode)) from error
    if mode == "RGBA" and not _is_transparent(converted):
        converted = converted.convert("RGB")
    if grey is not None:
        table = greys_on_screen(grey, 256).tolist()
        converted = converted.point(table * 3 + (list(range(256)) if converted.mode == "RGBA" else []))
    return converted, notes


def _by_profile(image: Image.Image) -> Image.Image | None:
    """Inks as sRGB by the photo's own profile; None where there is none, or no LittleCMS, as in the page."""
    icc = _profile(image, b"CMYK")
    if icc is None or not features.check("littlecms2"):
        return None
    from PIL import ImageCms

    perceptual = ImageCms.Intent.PERCEPTUAL
    try:
        source, screen = ImageCms.ImageCmsProfile(io.BytesIO(icc)), ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(image, source, screen, perceptual, "RGB")
    except (ImageCms.PyCMSError, OSError):  # the profile is damaged
        return None
    if converted is not None:
        converted.info.pop("icc_profile", None)
    return converted


def _from_16_bits(image: Image.Image, light: Curve | None) -> Image.Image:
    """Grey of 16 bits to 8, by its profile or by its upper byte, as Pillow does for colours; its convert() would clip
    at 255."""
    values = np.asarray(image)
    if getattr(image, "tag_v2", {}).get(_BITS_PER_SAMPLE) == (12,):  # as TIFF has them and Pillow leaves them
        values = values << 4
    if values.dtype.itemsize > 2 and (values.min() < 0 or values.max() > 0xFFFF):
        raise BadImage(say("photo.32-bits"))
    grey = (values >> 8).astype(np.uint8) if light is None else greys_on_screen(light, 1 << 16)[values]
    clear = image.info.get("transparency")
    if not isinstance(clear, int):
        return Image.fromarray(grey)
    return Image.fromarray(np.dstack([grey, np.where(values == clear, np.uint8(0), np.uint8(255))]), "LA")


def _is_transparent(image: Image.Image) -> bool:
    return image.getchannel("A").getextrema() != (255, 255)


def _profile(image: Image.Image, space: bytes) -> bytes | None:
    """The embedded profile, if it is whole and for these colours."""
    icc = image.info.get("icc_profile")
    return icc if isinstance(icc, bytes) and profile.is_whole(icc) and profile.space_of(icc) == space else None


def _light_of_greys(image: Image.Image) -> Curve | None:
    """What light the greys of a grey photo are, by a profile for greys that it has."""
    icc = _profile(image, b"GRAY") if image.mode in _GREYS else None
    return None if icc is None else light_of_greys(icc)


def _profile_notes(image: Image.Image) -> Iterator[Words]:
    space = {"CMYK": b"CMYK", "LAB": b"Lab "}.get(image.mode, b"RGB ")
    if image.info.get("icc_profile") and _profile(image, space) is None and _light_of_greys(image) is None:
        yield say("note.profile-left-out")
