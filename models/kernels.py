"""What a page compiles for the graphics card while a model of the catalogue is still on its way."""

from collections.abc import Iterator
from pathlib import Path

from hearth.desk.models import Model
from hearth.runtime import model_file
from hearth.runtime.passes import in_floats
from hearth.runtime.plan import make_plan
from hearth.runtime.types import TensorType
from hearth.runtime.webgpu.ahead import kernels_file
from hearth.runtime.webgpu.limits import Limits
from hearth.runtime.webgpu.lower import lower
from hearth.runtime.webgpu.probe import probe_choice, probe_plan
from hearth.tools.cutout.network import Preparation
from hearth.tools.cutout.refine.lowering import lower_photo

PHOTO = (1024, 768)
"""Kernels take the size as numbers: those of one photo are those of all."""


def kernels_of(model: Model, file: Path) -> bytes | None:
    """The file of a prepared model's kernels, with those for photos; None where shapes come with the feeds."""
    graph = model_file.loads(file.read_bytes())
    if not all(isinstance(kind, TensorType) and kind.static for kind in graph.inputs.values()):
        return None
    plan = make_plan(in_floats(graph))
    pixels = model.pixels

    def shaders(limits: Limits) -> Iterator[str]:
        yield from lower(plan, limits).shaders
        yield from lower(probe_plan(), limits, probe_choice()).shaders
        if pixels is not None:
            preparation = Preparation(model.input.shape, pixels.scale, pixels.mean, pixels.std)
            yield from lower_photo(limits, PHOTO, preparation, PHOTO).lowered.shaders

    return kernels_file(shaders)
