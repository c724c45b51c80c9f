"""Sounds become log-mel frames whose values can be foretold; what is no whole sound is refused in one line."""

from __future__ import annotations

import math
import sys
import zipfile
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import soundfile
from small_readers import refusal

from throughtime.data.media.audio import load_sound, log_mel, mel_filters
from throughtime.data.reading import Reading
from throughtime.errors import UsageError

RATE = 16000


def tone(frequency: float, seconds: float = 0.5, rate: int = RATE) -> np.ndarray:
    return np.sin(2 * np.pi * frequency * np.arange(round(seconds * rate)) / rate).astype(np.float32)


def written(path: Path, samples: np.ndarray, rate: int = RATE, **how: str) -> Path:
    soundfile.write(path, samples, rate, **how)
    return path


refused = partial(refusal, partial(load_sound, how=Reading(), note=print), first=True)


@pytest.mark.parametrize("rate", [8000, 16000, 44100])
@pytest.mark.parametrize("frequency", [200, 440, 1000, 3000])
def test_a_tone_is_loudest_in_the_band_around_it(frequency: int, rate: int) -> None:
    mel = 2595 * math.log10(1 + frequency / 700)
    width = 2595 * math.log10(1 + rate / 2 / 700) / 41  # 40 bands have 42 edges
    peaks = log_mel(tone(frequency, rate=rate), rate, 40)[2:-3].argmax(axis=1)
    assert set(peaks.tolist()) == {peaks[0]}
    assert abs(mel / width - 1 - peaks[0]) <= 0.6, "the nearest centre, or the next where it lies between two"


def test_frames_are_the_formula_window_by_window() -> None:
    samples = np.random.default_rng(0).normal(0, 0.1, 1000).astype(np.float32)
    frames = log_mel(samples, RATE, 12)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(400) / 400)
    filters = mel_filters(RATE, 400, 12).astype(np.float64)
    padded = np.concatenate([samples, np.zeros(1000)])
    for step in range(len(frames)):
        spectrum = np.fft.rfft(padded[160 * step : 160 * step + 400] * window, 512)
        expected = np.log(np.abs(spectrum) ** 2 @ filters + 1e-6)
        # float32 against float64: some 2e-7 in the sum, a little more through the transform
        np.testing.assert_allclose(frames[step], expected, atol=1e-4)


def test_no_sample_is_lost() -> None:
    assert [len(log_mel(np.ones(n, np.float32), RATE, 4)) for n in (1, 399, 400, 401, 560, 561)] == [1, 1, 1, 2, 2, 3]
    late = np.zeros(801, np.float32)
    late[-40:] = 1
    assert log_mel(late, RATE, 4)[-1].max() > log_mel(late, RATE, 4)[0].max() + 1


@pytest.mark.parametrize(("rate", "bands"), [(8000, 40), (8000, 128), (16000, 80), (48000, 40)])
def test_every_band_hears_something(rate: int, bands: int) -> None:
    filters = mel_filters(rate, round(0.025 * rate), bands)
    assert (filters.max(axis=0) > 0).all() and filters.max() <= 1
    assert (np.diff(filters.argmax(axis=0)) >= 0).all()


def test_long_sounds_are_transformed_in_pieces_that_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    samples = np.random.default_rng(0).normal(0, 0.1, 20000).astype(np.float32)
    whole = log_mel(samples, RATE, 20)
    monkeypatch.setattr("throughtime.data.media.audio.BLOCK", 7)
    # a product of other shape may sum in another order
    np.testing.assert_allclose(log_mel(samples, RATE, 20), whole, atol=1e-5)


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg"])
def test_formats(tmp_path: Path, name: str) -> None:
    sound = load_sound(written(tmp_path / name, tone(440)), Reading(mel_bands=24), print)
    assert sound.rate == RATE and sound.frames.shape == (49, 24) and sound.frames.dtype == np.float32
    assert sound.frames[20].argmax() == log_mel(tone(440), RATE, 24)[20].argmax()


def test_channels_are_averaged_and_it_says_so(tmp_path: Path) -> None:
    both = np.stack([tone(300), tone(2000)], axis=1)
    path = written(tmp_path / "a.wav", both, subtype="FLOAT")
    notes: list[str] = []
    frames = load_sound(path, Reading(), notes.append).frames
    np.testing.assert_allclose(frames, log_mel(both.mean(axis=1), RATE, 40), atol=1e-5)
    assert notes == [f"{path} has 2 channels; their mean is taken"]


def test_silence_and_short_sounds_are_sounds(tmp_path: Path) -> None:
    silence = load_sound(written(tmp_path / "a.wav", np.zeros(1000)), Reading(), print).frames
    np.testing.assert_allclose(silence, math.log(1e-6), rtol=1e-6)
    assert load_sound(written(tmp_path / "b.wav", np.ones(1)), Reading(), print).frames.shape == (1, 40)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_samples_that_are_no_numbers(tmp_path: Path, bad: float) -> None:
    samples = tone(440)
    samples[7] = bad
    assert "sample 7 is not a number" in refused(written(tmp_path / "a.wav", samples, subtype="FLOAT"))
    samples[7] = 1e30
    assert "too large (up to 1.0e+30)" in refused(written(tmp_path / "b.wav", samples, subtype="FLOAT"))


def test_broken_files(tmp_path: Path) -> None:
    whole = written(tmp_path / "whole.wav", tone(440)).read_bytes()
    flac = written(tmp_path / "whole.flac", np.random.default_rng(0).normal(0, 0.1, 20000)).read_bytes()
    cases = {
        "no.wav": (None, "no such file"),
        "text.wav": (b"this is no sound at all, whatever it is called", "not a sound file that can be read"),
        "empty.wav": (b"", "not a sound file that can be read"),
        "head.wav": (whole[:20], "cut off"),
        "cut.wav": (whole[:-500], f"cut off: {len(whole) - 500} of {len(whole)} bytes"),
        "header.wav": (whole[:8] + b"JUNK" + whole[12:], "not a sound file that can be read"),
        "cut.flac": (flac[: len(flac) // 2], "cut off|not a sound file"),
    }
    for name, (content, words) in cases.items():
        if content is not None:
            (tmp_path / name).write_bytes(content)
        assert any(word in refused(tmp_path / name) for word in words.split("|")), name
    assert "without samples" in refused(written(tmp_path / "zero.wav", np.zeros(0)))
    assert "100 samples a second are too few" in refused(written(tmp_path / "slow.wav", np.zeros(9), 100))
    assert "cannot be read" in refused(tmp_path)


def test_a_recorder_that_wrote_into_a_pipe_left_the_length_open(tmp_path: Path) -> None:
    whole = bytearray(written(tmp_path / "whole.wav", tone(440)).read_bytes())
    whole[4:8] = whole[40:44] = b"\xff\xff\xff\xff"
    (tmp_path / "pipe.wav").write_bytes(whole)
    assert load_sound(tmp_path / "pipe.wav", Reading(), print).frames.shape == (49, 40)


def test_without_soundfile_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "soundfile", None)
    with pytest.raises(UsageError, match=r"pip install 'throughtime\[audio\]'"):
        load_sound(tmp_path / "a.wav", Reading(), print)


def test_bands_that_are_not_possible() -> None:
    for bands in (0, 1001):
        with pytest.raises(UsageError, match=f"{bands} mel bands"):
            mel_filters(RATE, 400, bands)


def test_spoken_digits(data_folder: Path, tmp_path: Path) -> None:
    archive = data_folder / "fsdd" / "recordings.zip"
    if not archive.is_file():
        pytest.skip("no spoken digits here")
    with zipfile.ZipFile(archive) as packed:
        names = [name for name in packed.namelist() if name.endswith("_7.wav")]
        packed.extractall(tmp_path, names)
    for name in names:
        sound = load_sound(tmp_path / name, Reading(), print)
        assert sound.rate == 8000 and len(sound.frames) > 10
        assert sound.frames.max() - sound.frames.min() > 5, "speech is loud and soft"
