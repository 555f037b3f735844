"""How the stages that need a network ask it."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

Answers = Sequence[NDArray[np.float32]]


class Predict(NamedTuple):
    """A question to a network."""

    outputs: Sequence[str]
    feeds: Mapping[str, Any]
    network: int = 0  # which of the stage's


class Stage(Protocol):
    """A stage that asks a network."""

    @property
    def seconds(self) -> float:
        """How far it has come."""
        ...

    def ask(self, until: float, whole: bool) -> Predict | None:
        """The next question, about sound before `until` seconds; None where there is none.

        `whole`: no more sound comes, so that the rest is asked about too. Asked again before the answers were taken,
        it is the same question.
        """
        ...

    def take(self, answers: Answers) -> None:
        """The answers to the last question."""
        ...
