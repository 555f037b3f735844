"""Real sound for the tests, out of moonshine-voice's wheel (MIT): somebody reads Charles Dickens."""

import wave

import numpy as np
from numpy.typing import NDArray

from hearth.desk import models
from hearth.desk.fetch import Cache, Member, Pinned

_SHA256 = "f3348494d77cb74a02862f5e685ed09faf3e75832c5cc5c80703282c2cd8b52e"


def speech(seconds: float) -> NDArray[np.float32]:
    """The beginning of the reading: mono, 16000 samples a second, in -1..1."""
    wheel = models.find("moonshine-encoder").source.pinned_archive()
    pin = Pinned("two_cities.wav", _SHA256, 4260326, (Member(wheel, "moonshine_voice/assets/two_cities.wav"),))
    with wave.open(str(Cache().get(pin))) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (48000, 1, 2)
        samples = np.frombuffer(file.readframes(round(seconds * 16000) * 3), "<i2")
    # Three samples to one by their mean: enough of a low-pass filter for speech.
    return (samples.astype(np.float32).reshape(-1, 3).mean(axis=1) / 32768).astype(np.float32)
