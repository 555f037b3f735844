"""The analyser takes all sorts of sound, tells what it knows at any time, and can be stopped and taken up again."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from hearth.errors import BadSound, Cancelled
from hearth.tools.visualizer.analysis import CURVES, STAGES, Analyser, Networks
from hearth.tools.visualizer.analysis.midi import of_analysis
from hearth.tools.visualizer.analysis.onsets import pick_onsets
from tests.tools.visualizer.signals import RATE, clicks, noise, sine, stereo


def test_onsets_lie_where_clicks_do() -> None:
    at = [0.5, 0.73, 1.2, 1.31, 2.0]
    analyser = Analyser(RATE, 1)
    analyser.feed(clicks(at, 2.5))
    analyser.end()
    onsets = analyser.snapshot().onsets
    np.testing.assert_allclose([onset.time for onset in onsets], at, atol=0.03)
    assert pick_onsets(np.zeros(0, np.float32)) == []


@pytest.mark.parametrize(("rate", "channels"), [(8000, 1), (192000, 8), (44100, 3), (48000, 11)])
def test_any_rate_and_number_of_channels(rate: int, channels: int) -> None:
    analyser = Analyser(rate, channels)
    analyser.feed(np.repeat(sine(440, 0.5, -12, rate)[:, None], channels, axis=1))
    analyser.end()
    analyser.run()
    analysis = analyser.snapshot()
    assert analysis.complete and analysis.frames == 25
    assert int(analysis.log[12].argmax()) == 45


def test_one_sample_is_a_track() -> None:
    analyser = Analyser(44100, 2)
    analyser.feed(np.array([[0.5, 0.5]]))
    analyser.end()
    analyser.run()
    analysis = analyser.snapshot()
    assert (analysis.frames, analysis.complete, len(analysis.sections)) == (1, True, 1)
    assert json.loads(json.dumps(analysis.plain()))["duration"] == pytest.approx(1 / 44100, abs=1e-4)
    assert of_analysis(analysis).startswith(b"MThd")


def test_silence_is_told() -> None:
    analyser = Analyser(44100, 1)
    analyser.feed(np.zeros(44100))
    analyser.end()
    analyser.run()
    analysis = analyser.snapshot()
    assert analysis.plain()["remarks"] == ["This track is silent."]
    assert not (analysis.notes or analysis.beats or analysis.onsets or analysis.mel.any())
    assert analysis.loudness.integrated == -70


def test_no_sound_at_all_and_sound_that_does_not_fit_are_refused() -> None:
    with pytest.raises(BadSound, match="not a single sample"):
        Analyser(44100, 2).end()
    with pytest.raises(BadSound, match="3 channels and the track has 2"):
        Analyser(44100, 2).feed(np.zeros((10, 3)))
    with pytest.raises(BadSound, match="samples a second"):
        Analyser(10, 2)
    with pytest.raises(BadSound, match="0 channels"):
        Analyser(44100, 0)


def test_samples_that_are_no_numbers_count_as_silence() -> None:
    sound = noise(1.0)
    sound[1000:1200] = np.nan
    sound[5000] = np.inf
    analyser = Analyser(RATE, 1)
    analyser.feed(sound)
    analyser.end()
    analysis = analyser.snapshot()
    assert np.isfinite(analysis.curves).all() and analysis.mel[25].any()


class Counted:
    """A network for voice that answers the number of its call; real ones are in the desk's tests."""

    def __init__(self) -> None:
        self.calls = 0

    def run(self, _: Sequence[str], feeds: Mapping[str, Any], /) -> list[np.ndarray]:
        self.calls += 1
        return [np.full((len(feeds["input"]), 1), 0.01 * self.calls, np.float32), feeds["h"], feeds["c"]]


def test_a_snapshot_tells_what_is_there_while_more_comes() -> None:
    network = Counted()
    analyser = Analyser(RATE, 2, Networks(voice=network))
    for second in range(1, 6):
        analyser.feed(stereo(noise(1.0)))
        analyser.run()
        partial = analyser.snapshot()
        assert not partial.complete
        assert second - 0.2 < partial.covered["spectrum"] <= second
        assert partial.covered["voice"] <= second
        assert partial.curves.shape == (partial.frames, len(CURVES)) and len(partial.mel) == partial.frames
    analyser.end()
    analyser.run()
    done = analyser.snapshot()
    assert done.complete and dict(done.covered) == dict.fromkeys(STAGES, 5.0) | {"beats": 0.0, "notes": 0.0}
    assert done.curve("voice")[100] > 0


def test_it_stops_where_it_is_told_and_goes_on_there() -> None:
    network = Counted()
    analyser = Analyser(RATE, 1, Networks(voice=network))
    analyser.feed(noise(12))
    analyser.end()

    def stop(stage: str, fraction: float) -> None:
        if fraction > 0.3:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        analyser.run(stop)
    calls = network.calls
    assert 0 < calls < 6
    analyser.run()
    assert network.calls == 6 and analyser.snapshot().complete
