"""The background remover: `Pipeline(session, preparation).run(bytes_of_a_photo)` gives a `Cutout`.

For previews and edits take `Pipeline.matte`, which gives a `Matte`, and `write`.
"""

from hearth.tools.cutout.matte import Matte, write
from hearth.tools.cutout.network import Preparation, prepare, stretch
from hearth.tools.cutout.photo import Photo, from_image, from_rgba, jpeg_profile, read
from hearth.tools.cutout.pipeline import STAGES, Cutout, Options, Pipeline

__all__ = [
    "STAGES",
    "Cutout",
    "Matte",
    "Options",
    "Photo",
    "Pipeline",
    "Preparation",
    "from_image",
    "from_rgba",
    "jpeg_profile",
    "prepare",
    "read",
    "stretch",
    "write",
]
