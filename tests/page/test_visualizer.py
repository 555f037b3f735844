"""The visualizer's page without a browser: a track from the drop to all that is heard, and what goes wrong."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from hearth.errors import BadSound, DownloadFailed
from hearth.page.bridge import Progress
from hearth.page.visualizer.bridge import Source
from hearth.page.visualizer.page import VisualizerPage
from hearth.words import english, say

RATE = 22050


class Desk:
    """`hearth.page.visualizer.bridge.VisualizerBridge` over pieces of sound; no network can be had."""

    def __init__(self, pieces: list[NDArray[np.float32] | Exception]) -> None:
        self.pieces = pieces
        self.views: list[dict[str, Any]] = []
        self.sent: list[tuple[dict[str, Any], dict[str, NDArray[Any]]]] = []
        self.stopping = 0
        self.silent = 0.0

    def show(self, view: object) -> None:
        self.views.append(json.loads(json.dumps(view, default=vars)))

    def stop_asked(self, job: int) -> bool:
        return self.stopping == job

    async def model(self, model: str, progress: Progress) -> bytes:
        raise DownloadFailed("no network here")

    def drop_model(self, model: str) -> None: ...

    async def open(self, track: int) -> Source:
        return Source(RATE, 1, 3.0)

    async def piece(self) -> NDArray[np.float32] | None:
        await asyncio.sleep(0)
        if not self.pieces:
            return None
        piece = self.pieces.pop(0)
        if isinstance(piece, Exception):
            raise piece
        return piece

    def lost(self) -> float:
        return self.silent

    def heard(self, facts: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> None:
        self.sent.append((facts, arrays))


def tone(seconds: float = 1.0) -> NDArray[np.float32]:
    at = np.arange(round(seconds * RATE)) / RATE
    return (0.3 * np.sin(2 * np.pi * 440 * at)).astype(np.float32)[:, None]


def shown(desk: Desk, messages: list[dict[str, Any]], then: Callable[[], None] = lambda: None) -> dict[str, Any]:
    """The track as it is shown in the end."""

    async def use() -> None:
        page = VisualizerPage(desk)
        running = asyncio.ensure_future(page.run())
        page.receive({"type": "start", "guard": True})
        for message in messages:
            page.receive(message)
        async with asyncio.timeout(120):
            while True:
                await asyncio.sleep(0.001)
                track = page.view.track
                if track and track.state in ("done", "failed", "stopped") and not page._running:
                    break
                then()
        running.cancel()

    asyncio.run(use())
    track: dict[str, Any] = desk.views[-1]["track"]
    return track


OPEN = {"type": "open", "id": 1, "name": "song.mp3"}


def test_a_track_is_heard_piece_by_piece_also_without_networks() -> None:
    desk = Desk([tone(), tone(), tone()])
    track = shown(desk, [OPEN])
    assert track["state"] == "done" and [english(note) for note in track["notes"]] == [
        "Beats, notes and voices are missing: no network here"
    ]
    facts, arrays = desk.sent[-1]
    assert facts["complete"] and facts["frames"] == 150 and facts["duration"] == pytest.approx(3)
    assert len(arrays["curves"]) == 150 and len(arrays["bands"]) == 150 - facts["from"]


@pytest.mark.parametrize("state", ["failed", "done"])
def test_a_file_that_breaks_off_is_used_as_far_as_it_goes(state: str) -> None:
    broken = BadSound(say("song.problem.damaged"))
    track = shown(Desk([broken] if state == "failed" else [tone(), broken]), [OPEN])
    assert track["state"] == state
    said = english(track["text"]) if state == "failed" else english(track["notes"][0])
    assert "damaged" in said and ("1 s" in said) == (state == "done")


def test_what_is_damaged_within_a_file_is_told() -> None:
    desk = Desk([tone(), tone()])
    desk.silent = 0.5
    assert any("0.5 s of this file" in english(note) for note in shown(desk, [OPEN])["notes"])


def test_a_track_can_be_stopped_and_another_one_takes_its_place() -> None:
    desk = Desk([tone() for _ in range(50)])
    desk.stopping = 1
    assert shown(desk, [OPEN])["state"] == "stopped"
    desk = Desk([tone()])
    assert shown(desk, [OPEN, {**OPEN, "id": 2, "name": "next.mp3"}])["name"] == "next.mp3"


def test_the_guard_makes_all_that_was_sent_anew() -> None:
    desk = Desk([tone(), tone()])

    async def use() -> None:
        page = VisualizerPage(desk)
        running = asyncio.ensure_future(page.run())
        page.receive({"type": "start", "guard": True})
        page.receive(OPEN)
        while not (page.view.track and page.view.track.state == "done"):
            await asyncio.sleep(0.001)
        page.receive({"type": "guard", "on": False})
        running.cancel()

    asyncio.run(use())
    assert desk.sent[-1][0]["from"] == 0 and desk.sent[-1][0]["frames"] == 100
