"""What every tool's page has of a job: its stages, and how it ended."""

import asyncio
import traceback
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from hearth.errors import Cancelled, HearthError
from hearth.words import Said, say

T = TypeVar("T")


@dataclass
class Stage:
    """One step of a job; `fraction` runs from 0 to 1."""

    title: Said
    fraction: float = 0.0


@dataclass(frozen=True)
class Outcome(Generic[T]):
    """How a job ended: with its result, or with the reason why it failed."""

    state: Literal["done", "failed", "stopped"]
    result: T | None = None
    reason: Said = ""


async def outcome(job: asyncio.Future[T], out_of_memory: Said) -> Outcome[T]:
    """Waits for a job. A bug may spoil one, never what waits behind it. Raises CancelledError when the page ends."""
    try:
        return Outcome("done", await job)
    except (Cancelled, asyncio.CancelledError):
        if (this := asyncio.current_task()) and this.cancelling():  # the page itself ends, not the job alone
            raise
        return Outcome("stopped")
    except HearthError as error:
        return Outcome("failed", reason=error.args[0])
    except MemoryError:
        return Outcome("failed", reason=out_of_memory)
    except Exception as error:
        traceback.print_exc()
        return Outcome("failed", reason=say("photo.broke", what=type(error).__name__))
