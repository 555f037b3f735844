"""Pictures of lightness and colour, L*a*b* (CIE 15:2004, relative to D50 as in ICC.1:2022, 6.3), for a screen."""

from __future__ import annotations

import numpy as np
from PIL import Image

from hearth.tools.cutout.tones import SRGB_CURVE, VALUES

_WHITE = np.array([0.9642, 1.0, 0.8249], np.float32)
_TO_SRGB = np.array(  # light of X, Y, Z under D50 as light of sRGB's primaries, adapted by Bradford's matrix
    [[3.1341359, -1.6173864, -0.4906619], [-0.978796, 1.9162544, 0.0334427], [0.0719554, -0.2289768, 1.4053861]],
    np.float32,
)
_STRIP_PIXELS = 1 << 18


def on_screen(image: Image.Image) -> Image.Image:
    """A picture of mode "LAB" as sRGB; what a screen can't show is cut off, channel by channel."""
    width, height = image.size
    shown = Image.new("RGB", image.size)
    step = max(1, _STRIP_PIXELS // width)
    for top in range(0, height, step):
        strip = np.frombuffer(image.crop((0, top, width, min(top + step, height))).tobytes(), np.uint8)
        lightness, colour = strip.reshape(-1, width, 3)[..., :1], strip.view(np.int8).reshape(-1, width, 3)[..., 1:]
        y = (lightness * np.float32(100 / 255) + 16) / 116
        f = np.concatenate([y + colour[..., :1] / np.float32(500), y, y - colour[..., 1:] / np.float32(200)], axis=2)
        light = np.where(f > 6 / 29, f**3, (f - 4 / 29) * (3 * (6 / 29) ** 2)) * _WHITE @ _TO_SRGB.T
        rgb = np.interp(light.clip(0, 1), SRGB_CURVE, VALUES) * 255 + 0.5
        shown.paste(Image.fromarray(rgb.astype(np.uint8)), (0, top))
    return shown
