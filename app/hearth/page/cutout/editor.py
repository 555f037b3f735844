"""The canvas on which a photo is edited: shows what the photo is made of, takes settings and strokes, undoes them."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from hearth.errors import HearthError
from hearth.page.cutout.backgrounds import Backgrounds
from hearth.page.cutout.bridge import CutoutBridge
from hearth.page.cutout.editing import Editing
from hearth.page.cutout.layers import base_layer, layers, near_layers, reduced_size
from hearth.page.cutout.mattes import Mattes
from hearth.page.cutout.surroundings import surroundings
from hearth.page.cutout.view import View
from hearth.tools.cutout.edits import TILE, Packed, Place, pack
from hearth.tools.cutout.look import look_from_plain
from hearth.tools.cutout.stroke import Stroke, reduced
from hearth.words import say


class Editor:
    """`changed()` shows the view."""

    def __init__(
        self,
        bridge: CutoutBridge,
        mattes: Mattes,
        backgrounds: Backgrounds,
        view: View,
        changed: Callable[[], None],
    ) -> None:
        self.bridge = bridge
        self.mattes = mattes
        self.backgrounds = backgrounds
        self.view = view
        self.changed = changed
        self._all: dict[int, Editing] = {}
        self._open = 0  # the photo on the canvas
        self._side, self._pixels = 1, 1  # that the canvas can hold
        self._canvas: tuple[int, int] | None = None  # the size of what is on it, once it is
        self._showing: asyncio.Task[None] | None = None
        self._near: asyncio.Task[None] | None = None
        self._scene: asyncio.Task[None] | None = None
        self._scene_wanted = False

    def of(self, photo: int) -> Editing:
        """What was done to a photo; nothing so far, where it is not known."""
        return self._all.setdefault(photo, Editing())

    def take(self, photo: int, editing: Editing) -> None:
        """What was done to a photo before."""
        self._all[photo] = editing
        self.refresh(photo)

    def forget(self, photo: int) -> None:
        self._all.pop(photo, None)

    def open(self, photo: int, side: int, pixels: int) -> None:
        """Shows a photo on a canvas that can hold `side` pixels a side and `pixels` in all."""
        self._open, self._side, self._pixels, self._canvas = photo, side, pixels, None
        self.refresh(photo)

    def look_near(self, photo: int, left: int, top: int, right: int, bottom: int) -> None:
        """Shows a part of the photo on the canvas with all its pixels; of many calls the last one counts."""
        if self._near:
            self._near.cancel()
        if photo == self._open:
            self._near = asyncio.ensure_future(self._show_near(photo, left, top, right, bottom))

    def refresh(self, photo: int, *, only_base: bool = False) -> None:
        """Shows the photo's layers, or that alone with which the settings begin, where it is on the canvas."""
        known = next((one for one in self.view.photos if one.id == photo), None)
        if photo == self._open and known is not None and known.model:
            if self._showing and not only_base:
                self._showing.cancel()
            self._showing = asyncio.ensure_future(self._show(photo, only_base))

    def receive(self, photo: int, message: Mapping[str, Any]) -> None:
        """Does what a message of the kinds below asks for."""
        editing = self.of(photo)
        source, scene = editing.look.mask.source, editing.look.scene
        tiles: Mapping[Place, Packed] = {}
        match message["type"]:
            case "look":
                editing.set_look(look_from_plain(message["look"]), message.get("gesture", 0))
            case "look-all":
                wanted = message.get("ids") or [other.id for other in self.view.photos]
                for other in wanted:
                    self.of(other).set_look(editing.look)
                self.view.announcement = say("said.for-all", count=len(wanted))
            case "stroke":
                editing.stroke(message["tool"], self._painted(photo, message))
            case "undo":
                what, tiles = editing.undo()
                if what:
                    self.view.announcement = say("said.undone", what=say("step." + what), count=len(editing.past))
            case "redo":
                what, tiles = editing.redo()
                if what:
                    self.view.announcement = say("said.redone", what=say("step." + what), count=len(editing.future))
            case "reset":
                tiles = editing.reset()
                self.view.announcement = say("said.reset")
        if tiles:
            self._show_tiles(photo, tiles)
        if editing.look.mask.source != source:
            self.refresh(photo, only_base=True)
        if photo == self._open and not (scene.is_plain and editing.look.scene.is_plain):
            self._show_scene()

    def _show_scene(self) -> None:
        """Shows what stands around the subject. Of many calls while that is made only the last one counts."""
        self._scene_wanted = True
        if self._scene is None or self._scene.done():
            self._scene = asyncio.ensure_future(self._show_scenes())

    async def _show_scenes(self) -> None:
        while self._scene_wanted:
            self._scene_wanted = False
            photo, editing = self._open, self.of(self._open)
            try:
                matte = await self.mattes.get(photo)
                picture = await self.backgrounds.get(editing.look.scene.background)
                shown = await surroundings(matte, editing, picture, lambda: asyncio.sleep(0))
            except HearthError as error:  # of many sizes or pictures that cannot be
                self.view.announcement = error.args[0]
                self.changed()
                continue
            if photo == self._open:
                self.bridge.scene(photo, shown)

    def _painted(self, photo: int, message: Mapping[str, Any]) -> dict[Place, Packed]:
        """The tiles that a stroke changed. Where the canvas is smaller than the photo the message says how it was
        painted, and the data hold how much the stroke alone covers."""
        known = next(one for one in self.view.photos if one.id == photo)
        if not self.of(photo).edits:  # after a new start its layers may still be on the way
            self.of(photo).edits.size = (known.width, known.height)
        places = [Place(x, y) for x, y in message["tiles"]]
        data = np.frombuffer(self.bridge.painted(), np.uint8).reshape(len(places), TILE, TILE, -1)
        if (way := message.get("way")) is None:
            return {place: pack(tile) for place, tile in zip(places, data, strict=True)}
        tiles = dict(zip(places, data[:, :, :, 0], strict=True))
        dabs = np.array(way["dabs"], np.float32).reshape(-1, 3)
        edits, matte = self.of(photo).edits, self.mattes.whole(photo)
        part = way["part"] if edits.size == (known.width, known.height) else 1  # a history may be of the canvas' size
        stroke = Stroke(message["tool"] == "restore", part, tiles, dabs, way["hardness"], way["smart"])
        return stroke.on(edits, matte.photo if matte else None)

    def _show_tiles(self, photo: int, tiles: Mapping[Place, Packed]) -> None:
        """Shows strokes at the size of the canvas, where the photo is on it."""
        edits = self.of(photo).edits
        if photo == self._open and self._canvas is not None:
            part = -(-edits.size[0] // self._canvas[0])
            self.bridge.tiles(photo, tiles if part == 1 else reduced(edits, tiles, part))

    async def _show_near(self, photo: int, left: int, top: int, right: int, bottom: int) -> None:
        with contextlib.suppress(HearthError):  # the layers, which are smaller, stay
            self.bridge.near(photo, near_layers(await self.mattes.get(photo), left, top, right, bottom))

    async def _show(self, photo: int, only_base: bool) -> None:
        try:
            matte = await self.mattes.get(photo)
        except HearthError as error:
            self.view.announcement = error.args[0]
            self.changed()
            return
        editing = self.of(photo)
        size = self._canvas = reduced_size(matte.size, self._side, self._pixels)
        if not editing.edits:
            editing.edits.size = matte.size
        if only_base:
            self.bridge.layers(photo, base_layer(matte, editing.look, size))
        else:
            self.bridge.layers(photo, layers(matte, editing.look, size))
            self._show_tiles(photo, editing.edits.tiles)
            self._show_scene()
