"""The text of the demo ``generate``: modules of Python's own library.

Source and licence: Python (PSF licence), as it lies beside the Python that runs.
"""

from __future__ import annotations

import sysconfig
from pathlib import Path

from throughtime.data.demos.making import Files
from throughtime.errors import DataError

__all__ = ["standard_library"]

CORPUS_BYTES = 2_000_000


def standard_library(folder: Path) -> Files:
    """Find Python source to learn from: the standard library of the Python that runs this.

    Args:
        folder: not used; the files stay where they are.

    Returns:
        Modules to learn from and modules to validate on, together about 2 MB; the same ones each time.

    Raises:
        DataError: this Python came without its source.
    """
    source = Path(sysconfig.get_path("stdlib"))
    chosen: list[Path] = []
    size = 0
    for path in sorted(source.glob("*.py")):
        if size < CORPUS_BYTES:
            chosen.append(path)
            size += path.stat().st_size
    if size < CORPUS_BYTES // 2:
        raise DataError(f"{source} holds {size} bytes of Python source, too little for the demo; use another Python")
    held_out = chosen[15::24]
    return [path for path in chosen if path not in held_out], held_out
