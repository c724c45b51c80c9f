"""A resampled sound is the one that would have been recorded at the other rate; what it cannot hold is gone."""

from __future__ import annotations

import numpy as np
import pytest

from throughtime.data.media.audio import log_mel
from throughtime.data.media.resampling import resampled
from throughtime.errors import DataError

INSIDE = slice(3, -4)
"""Frames whose windows lie inside the sound: the filter takes what is beyond its ends for silence."""


def tone(frequency: float, rate: int, seconds: float = 0.5) -> np.ndarray:
    return np.sin(2 * np.pi * frequency * np.arange(round(seconds * rate)) / rate).astype(np.float32)


@pytest.mark.parametrize(("rate", "wanted"), [(16000, 8000), (44100, 16000), (8000, 16000), (11025, 8000)])
def test_a_tone_is_as_if_made_at_the_other_rate(rate: int, wanted: int) -> None:
    found, made = resampled(tone(440, rate), rate, wanted), tone(440, wanted)
    assert found.dtype == np.float32 and abs(len(found) - len(made)) <= 1
    inside = slice(wanted // 50, -wanted // 50)
    assert abs(found[: len(made)] - made)[inside].max() < 1e-4, (
        "the ripple of the filter, at -100 dB a hundred-thousandth"
    )


def test_the_frames_of_a_resampled_tone_are_those_of_the_tone_made_at_that_rate() -> None:
    found, made = log_mel(resampled(tone(440, 16000), 16000, 8000), 8000, 40), log_mel(tone(440, 8000), 8000, 40)
    assert found.shape == made.shape
    loud = made[INSIDE] > 0
    np.testing.assert_allclose(found[INSIDE][loud], made[INSIDE][loud], atol=1e-3)
    # far from the tone there is 1e-6 of its energy or less: the ripple counts there, and rounding
    np.testing.assert_allclose(found[INSIDE], made[INSIDE], atol=0.1)


@pytest.mark.parametrize("frequency", [4100, 5000, 7900])
def test_a_tone_above_the_new_nyquist_frequency_is_gone(frequency: int) -> None:
    found = resampled(tone(frequency, 16000), 16000, 8000)
    assert abs(found[100:-100]).max() < 2e-4, "-74 dB or less, where a filter that lets it through leaves 1"
    assert log_mel(found, 8000, 40)[INSIDE].max() < -7 < 7 < log_mel(tone(440, 8000), 8000, 40)[INSIDE].max()


def test_the_same_rate_changes_nothing() -> None:
    sound = tone(440, 8000)
    assert resampled(sound, 8000, 8000) is sound


def test_a_rate_that_no_recorder_has_is_refused() -> None:
    with pytest.raises(DataError, match="2000000011 samples a second cannot be brought to 16000"):
        resampled(tone(440, 8000), 2_000_000_011, 16000)
