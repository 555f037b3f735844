"""The alpha of a matte as a person's settings and brush strokes make it, without the network."""

from collections.abc import Iterator

from hearth.tools.cutout.adjust import adjusted
from hearth.tools.cutout.edits import Edits
from hearth.tools.cutout.look import Look, Mask
from hearth.tools.cutout.matte import Alpha, Matte


def finished_alpha(matte: Matte, look: Look, edits: Edits) -> Iterator[tuple[float, Alpha]]:
    """Yields the fraction done and the alpha as settings and strokes make it, whole with the last yield; not to be
    written to.
    """
    if look.mask == Mask() and not edits:
        yield 1.0, matte.alpha
        return
    for fraction, alpha in adjusted(base_alpha(matte, look), look.mask):
        if fraction == 1:
            edits.apply(alpha)
        yield fraction, alpha


def base_alpha(matte: Matte, look: Look) -> Alpha:
    """The alpha that the settings begin with; not to be written to."""
    return matte.plain_alpha() if look.mask.source == "raw" else matte.alpha
