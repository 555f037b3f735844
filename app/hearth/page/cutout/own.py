"""Looks at a model that a person brings: what it is, whether it cuts out here, and what would run where."""

from __future__ import annotations

import time
import traceback
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from hearth.errors import BadInput, BadModel, DamagedModel, HearthError, TooLarge, Unsupported
from hearth.words import Said, say

if TYPE_CHECKING:  # at run time these come with the first model: the page takes photos before
    from hearth.runtime import InferenceSession
    from hearth.runtime.graph import Graph
    from hearth.tools.cutout.own import Settings

TRIAL_SECONDS = 60.0
EXPLAINED = 3000  # lines of what runs where


@dataclass
class Report:
    """What the page shows of a model. `settings` are there where it cuts out: those of `hearth.tools.cutout.own`."""

    id: int
    name: str
    bytes: int
    fits: bool = False
    verdict: Said = ""
    summary: dict[str, Any] | None = None
    settings: dict[str, Any] | None = None
    places: dict[str, int] = field(default_factory=dict)
    explained: str = ""

    def plain(self) -> dict[str, Any]:
        return asdict(self)


async def inspect(report: Report, data: bytes) -> Report:
    """Fills the report in. What is wrong with the model is said in its verdict, never raised."""
    try:
        await _look(report, data)
    except MemoryError:
        report.verdict = say("own.out-of-memory")
    except _Unfit as error:
        report.verdict = error.args[0]
    except DamagedModel as error:
        report.verdict = say("own.damaged", reason=error.args[0])
    except HearthError as error:
        report.verdict = say("own.broken", reason=error.args[0])
    except Exception as error:
        traceback.print_exc()
        report.verdict = say("own.broken", reason=say("photo.broke", what=type(error).__name__))
    return report


class _Unfit(HearthError):
    """The model is sound, but it is for something else."""


async def _look(report: Report, data: bytes) -> None:
    from hearth.runtime.load import load_bytes
    from hearth.runtime.summary import summary
    from hearth.tools.cutout import own

    graph = load_bytes(data)
    known = summary(graph)
    report.summary = asdict(known)
    try:
        found = own.signature(known.inputs)
        sides = (0,) if found.width and found.height else own.SIDES
        await _try(report, graph, [own.guess(found, known.outputs, side) for side in sides])
    except Unsupported as error:
        _explain(report, graph)
        if isinstance(error.args[0], str):  # a reason from inside of the runtime, no word on the model's purpose
            raise
        raise _Unfit(error.args[0]) from error


async def _try(report: Report, graph: Graph, guesses: Sequence[Settings]) -> None:
    """Runs the model on a picture, by one guess after the other. Raises Unsupported where it answers no map."""
    from hearth.runtime.limits import deadline
    from hearth.tools.cutout import own

    session = own.session_for(graph.copy(), guesses[0])
    for settings in guesses:
        feeds = {settings.input: own.trial_picture(settings)}
        start = time.perf_counter()
        try:
            with deadline(TRIAL_SECONDS):
                raw = await own.OwnSession(session, settings).answer(feeds, lambda fraction: None)
            break
        except (BadInput, BadModel, TooLarge):
            if settings is guesses[-1]:
                raise
    seconds = time.perf_counter() - start
    own.as_one_map(raw)
    report.settings = replace(settings, answer=own.answer_of(raw)).plain()
    report.fits = True
    report.verdict = say("own.fits", width=settings.width, height=settings.height, time=seconds)
    _keep_places(report, session)


def _explain(report: Report, graph: Graph) -> None:
    """What would run where, every size that is free taken as 1; nothing where that cannot be."""
    from hearth.runtime import InferenceSession
    from hearth.runtime.passes import fix_inputs
    from hearth.runtime.types import TensorType

    fixed = graph.copy()
    shapes = {
        name: tuple(size if isinstance(size, int) and size > 0 else 1 for size in kind.shape)
        for name, kind in fixed.inputs.items()
        if isinstance(kind, TensorType) and kind.shape is not None
    }
    try:
        fix_inputs(fixed, shapes)
        _keep_places(report, InferenceSession(fixed))
    except HearthError as error:
        report.explained = str(error)


def _keep_places(report: Report, session: InferenceSession) -> None:
    report.places = dict(Counter(place for _, place in session.places()))
    lines = session.explain().splitlines()
    report.explained = "\n".join(lines[:EXPLAINED])
