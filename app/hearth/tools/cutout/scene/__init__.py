"""The finished picture around a cutout: background, shadow, frame. `Render(scene, matte).rows(top, bottom)`."""

from hearth.tools.cutout.scene.render import Render
from hearth.tools.cutout.scene.settings import Background, Frame, Scene, Shadow, scene_from_plain
from hearth.tools.cutout.scene.sizes import SIZES

__all__ = ["SIZES", "Background", "Frame", "Render", "Scene", "Shadow", "scene_from_plain"]
