"""Small images, sounds and arrays in files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile
from PIL import Image


def image(path: Path, *, width: int = 2, height: int = 3, shade: int = 51) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((height, width), shade, np.uint8)).save(path)
    return path


def sound(path: Path, *, rate: int = 8000, channels: int = 1) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.full((400, channels), 0.5), rate)
    return path


def arrays(path: Path, **content: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, **content)  # type: ignore[arg-type]
    return path
