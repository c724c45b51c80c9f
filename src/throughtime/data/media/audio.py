"""Sound files become frames: the logarithm of the energy in mel bands, 100 times a second."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from throughtime.data.media.resampling import resampled
from throughtime.data.reading import Note, Reading
from throughtime.data.record import Frames
from throughtime.errors import DataError, UsageError

__all__ = ["SOUND_SUFFIXES", "Sound", "load_sound", "log_mel", "mel_filters"]

SOUND_SUFFIXES = frozenset({".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".au", ".caf", ".w64"})
"""How the names of sound files end."""

WINDOW_SECONDS, HOP_SECONDS = 0.025, 0.010
FLOOR = 1e-6
"""Added to the energy of a band, so that silence has a logarithm; a loud tone has some thousands."""
LOWEST_RATE = 1000
BLOCK = 4096
"""Windows that are transformed at a time: an hour of sound must not be held 2.5 times over."""

Samples = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Sound:
    """What a sound file holds, ready for a network."""

    frames: Frames
    """Natural logarithm of the energy of each band in each window, (T, mel_bands)."""
    rate: int
    """Samples a second; the same in all sounds that are learned together, or the bands mean different pitches."""


def load_sound(path: Path, how: Reading, note: Note) -> Sound:
    """Read a sound file (WAV, FLAC, OGG, MP3 ...) as log-mel frames.

    Args:
        path: the file.
        how: options; ``mel_bands`` is the number of features of a frame, ``resample`` the rate it is brought to.
        note: told that channels were averaged, or that the sound was brought to another rate.

    Returns:
        T frames, one each 10 ms, and the sampling rate that they are of.

    Raises:
        DataError: the file is missing, no sound, broken, cut off, without samples, or has samples that are no numbers.
        UsageError: soundfile is not installed.
    """
    samples, rate = _read(path)
    if rate < LOWEST_RATE:
        raise DataError(f"{path}: {rate} samples a second are too few for sound; give at least {LOWEST_RATE}")
    if not len(samples):
        raise DataError(f"{path}: a sound without samples; record it again or leave it out")
    if not np.isfinite(samples).all():
        raise DataError(f"{path}: sample {_first_bad(samples)} is not a number (NaN or infinite); save it again")
    if samples.shape[1] > 1:
        note(f"{path} has {samples.shape[1]} channels; their mean is taken")
    mono = samples.mean(axis=1)
    if how.resample is not None and rate != how.resample:
        mono = _brought_to(how.resample, mono, rate, path, note)
        rate = how.resample
    frames = log_mel(mono, rate, how.mel_bands)
    if not np.isfinite(frames).all():
        raise DataError(f"{path}: samples are too large (up to {abs(samples).max():.1e}); scale them to -1 .. 1")
    return Sound(frames, rate)


def _brought_to(wanted: int, samples: Samples, rate: int, path: Path, note: Note) -> Samples:
    try:
        found = resampled(samples, rate, wanted)
    except DataError as error:
        raise DataError(f"{path}: {error}") from None
    what = f"frequencies above {wanted / 2:g} Hz are gone" if wanted < rate else f"it has none above {rate / 2:g} Hz"
    note(f"{path} has {rate} samples a second; it is resampled to {wanted}: {what}")
    return found


def _first_bad(samples: Samples) -> int:
    return int(np.flatnonzero(~np.isfinite(samples).all(axis=1))[0])


def _read(path: Path) -> tuple[Samples, int]:
    """Read (samples, channels) and the rate."""
    soundfile = _soundfile()
    try:
        _refuse_a_cut_off_wav(path)
        with soundfile.SoundFile(str(path)) as file:
            samples = file.read(dtype="float32", always_2d=True)
            promised, rate = int(file.frames), int(file.samplerate)
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from None
    except soundfile.SoundFileError as error:
        reason = str(getattr(error, "error_string", error)).rstrip(".")
        raise DataError(f"{path}: not a sound file that can be read ({reason}); convert it to WAV or FLAC") from None
    if len(samples) < promised:
        raise DataError(f"{path}: cut off: {len(samples)} of {promised} samples are there; get the whole file")
    return samples, rate


def _refuse_a_cut_off_wav(path: Path) -> None:
    """Compare the length in a WAV's header with the file's; libsndfile would take what is there without a word."""
    with path.open("rb") as file:
        head = file.read(8)
        size = file.seek(0, 2)
    promised = int.from_bytes(head[4:], "little")
    unknown = promised in (0, 0xFFFFFFFF)  # a recorder that wrote into a pipe could not go back and fill it in
    # One byte less is forgiven: writers forget to pad an odd chunk.
    if head[:4] == b"RIFF" and not unknown and promised + 8 > size + 1:
        raise DataError(f"{path}: cut off: {size} of {promised + 8} bytes are there; get the whole file")


def _soundfile() -> Any:
    try:
        import soundfile
    except (ImportError, OSError):  # OSError: the package is there, libsndfile is not
        raise UsageError("reading sound needs soundfile: pip install 'throughtime[audio]'") from None
    return soundfile


def log_mel(samples: Samples, rate: int, bands: int) -> Frames:
    """Turn samples into the logarithm of the energy in mel bands.

    Windows of 25 ms, one each 10 ms, are weighted with a Hann window and transformed; the power spectrum is summed in
    triangular bands (Davis and Mermelstein 1980). The last window is filled up with zeros, so that no sample is lost
    and any sound has a frame.

    Args:
        samples: one channel, (samples,).
        rate: samples a second, 100 or more.
        bands: number of bands.

    Returns:
        ``ln(energy + 1e-6)``, (T, bands).

    Example:
        >>> tone = np.sin(2 * np.pi * 440 * np.arange(8000) / 16000).astype(np.float32)  # half a second
        >>> frames = log_mel(tone, rate=16000, bands=40)
        >>> frames.shape, int(frames[20].argmax())
        ((49, 40), 7)
    """
    window, hop = round(WINDOW_SECONDS * rate), round(HOP_SECONDS * rate)
    steps = 1 + max(0, -(-(len(samples) - window) // hop))
    padded = np.zeros((steps - 1) * hop + window, np.float32)
    padded[: len(samples)] = samples
    windows = np.lib.stride_tricks.sliding_window_view(padded, window)[::hop]
    weights, filters = _hann(window), mel_filters(rate, window, bands)
    size = 2 * (filters.shape[0] - 1)
    frames = np.empty((steps, bands), np.float32)
    with np.errstate(over="ignore", invalid="ignore"):  # the caller refuses what is not finite
        for start in range(0, steps, BLOCK):
            spectrum = np.fft.rfft(windows[start : start + BLOCK] * weights, size)
            power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32, copy=False)
            frames[start : start + BLOCK] = np.log(power @ filters + np.float32(FLOOR))
    return frames


@lru_cache(maxsize=8)
def _hann(window: int) -> Samples:
    """Give the periodic Hann window, (window,)."""
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window)).astype(np.float32)


@lru_cache(maxsize=8)
def mel_filters(rate: int, window: int, bands: int) -> NDArray[np.float32]:
    """Make triangular bands, equally spaced in mel from 0 Hz to half the sampling rate.

    Mel are those of HTK: 2595 log10(1 + f / 700) (O'Shaughnessy 1987; Young et al., *The HTK Book*, 5.4).

    Args:
        rate: samples a second.
        window: samples of a window.
        bands: number of bands.

    Returns:
        Weight of each frequency in each band, peak 1, (size / 2 + 1, bands). The size of the transform is a power of
        two, as long as the window or longer, and so long that the narrowest band has a frequency in it.

    Raises:
        UsageError: no band, or more than a thousand.
    """
    if not 1 <= bands <= 1000:
        raise UsageError(f"{bands} mel bands are not possible; take 1 to 1000, such as 40")
    edges: NDArray[np.float64] = 700 * (np.power(10, np.linspace(0, math.log10(1 + rate / 1400), bands + 2)) - 1)
    size = max(2, 1 << (window - 1).bit_length())
    while True:
        frequencies = np.linspace(0, rate / 2, size // 2 + 1)[:, None]
        rising = (frequencies - edges[:-2]) / (edges[1:-1] - edges[:-2])
        falling = (edges[2:] - frequencies) / (edges[2:] - edges[1:-1])
        filters = np.maximum(0, np.minimum(rising, falling))
        if (filters.max(axis=0) > 0).all():
            return filters.astype(np.float32)
        size *= 2
