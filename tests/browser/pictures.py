"""Files that people drop: made from a real photo, or broken on purpose."""

import io
import struct
import zlib

from PIL import Image

from tests.photos import photo


def astronaut(side: int = 320) -> Image.Image:
    """The portrait, small enough that files made of it are quick to send."""
    with Image.open(photo("astronaut")) as image:
        return image.convert("RGB").resize((side, side))


def saved(image: Image.Image, format: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


def turned_jpeg() -> bytes:
    """A JPEG that lies on its side, with the EXIF orientation (6) that says so."""
    image = astronaut().crop((0, 0, 320, 240)).transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6
    return saved(image, "jpeg", quality=92, exif=exif)


def truncated_jpeg() -> bytes:
    whole = saved(astronaut(), "jpeg", quality=90)
    return whole[: len(whole) // 2]


def animated_gif() -> bytes:
    first = astronaut()
    others = [Image.new("RGB", first.size, colour) for colour in ("red", "blue")]
    return saved(first, "gif", save_all=True, append_images=others, duration=100)


def avif() -> bytes:
    return saved(astronaut(), "avif", quality=90)


def huge_avif() -> bytes:
    """51 megapixels of white."""
    return saved(Image.new("L", (8800, 5800), 255), "avif", quality=10, speed=10)


def huge_png(width: int = 9000, height: int = 7000) -> bytes:
    """63 megapixels in a few kilobytes: white, 1 bit a pixel."""
    rows = zlib.compressobj(9)
    row = b"\0" + b"\xff" * ((width + 7) // 8)
    packed = b"".join(rows.compress(row) for _ in range(height)) + rows.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", packed), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
