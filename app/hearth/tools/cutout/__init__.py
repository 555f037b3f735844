"""The background remover: `Pipeline(session, preparation).run(bytes_of_a_photo)` gives a `Cutout`."""

from hearth.tools.cutout.network import Preparation, prepare, stretch
from hearth.tools.cutout.photo import Photo, from_rgba, jpeg_profile, read
from hearth.tools.cutout.pipeline import STAGES, Cutout, Pipeline

__all__ = [
    "STAGES",
    "Cutout",
    "Photo",
    "Pipeline",
    "Preparation",
    "from_rgba",
    "jpeg_profile",
    "prepare",
    "read",
    "stretch",
]
