"""A matte, a person's settings and brush strokes become a file, without the network."""

from collections.abc import Callable, Iterator

from hearth.tools.cutout.adjust import adjusted
from hearth.tools.cutout.edits import Edits
from hearth.tools.cutout.look import Look, Mask
from hearth.tools.cutout.matte import Alpha, Matte
from hearth.tools.cutout.output import Finished

_SHARE = 0.2  # of the progress, for the alpha; what is left is for the file


def _ignore(_: Alpha) -> None:
    """Nobody asks for it."""


def export(
    matte: Matte, look: Look, edits: Edits, on_alpha: Callable[[Alpha], object] = _ignore
) -> Iterator[tuple[float, bytes]]:
    """Yields the fraction done and the next piece of the file; `on_alpha` is handed the alpha (H, W) before."""
    share = _SHARE if look.mask != Mask() or edits else 0.0
    alpha = matte.alpha
    for fraction, finished in finished_alpha(matte, look, edits):
        alpha = finished
        yield share * fraction, b""
    on_alpha(alpha)
    for fraction, piece in Finished(matte, alpha, look.scene, look.output).write():
        yield share + (1 - share) * fraction, piece


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
