"""Files of kinds that are not read: what they are, and how to save what is in them so that they are."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

__all__ = ["archive_kind", "foreign_bytes", "foreign_lines"]

_TABLE = "save the table as CSV"
_PYTHON = "in Python, save its table with to_csv or its arrays with np.savez"
_UNPACK = "unpack it, and give the files in it or their folder"
_MAGIC = {
    b"%PDF": "a PDF; save its text as .txt",
    b"SQLite format 3\x00": "an SQLite database; export the table as CSV",
    b"\xd0\xcf\x11\xe0": "an old Excel or Word file; save it as CSV UTF-8 (in Excel: File, Save As)",
    b"Obj\x01": "an Avro file; save it as Parquet or JSON lines",
    b"ARROW1": "an Arrow file; save it as Parquet",
    b"FEA1": "a Feather file; save it as Parquet",
    b"\xff\xff\xff\xff": "an Arrow stream; save it as Parquet (datasets: load_from_disk, then to_parquet)",
    b"ORC": "an ORC file; save it as Parquet",
    b"\x89HDF\r\n\x1a\n": f"an HDF5 file; {_PYTHON}",
    b"\x80\x02": f"a pickle, which may hold code; {_PYTHON}",
    b"\x80\x03": f"a pickle, which may hold code; {_PYTHON}",
    b"\x80\x04": f"a pickle, which may hold code; {_PYTHON}",
    b"\x80\x05": f"a pickle, which may hold code; {_PYTHON}",
    b"MATLAB 5.0 MAT-file": "a MATLAB file; save its arrays with scipy.io.loadmat and np.savez, or writematrix to CSV",
    b"RDX": "data of R; save it with write.csv",
    b"X\n\x00\x00": "data of R; save it with write.csv",
    b"<stata_dta>": f"a Stata file; {_TABLE} (export delimited)",
    b"$FL": f"an SPSS file; {_TABLE}",
    b"{\\rtf": "rich text (RTF); save it as plain text (.txt)",
    b"\x28\xb5\x2f\xfd": "packed by Zstandard, which is not read; unpack it (zstd -d), or pack it with gzip or xz",
    b"]\x00\x00": "packed by LZMA alone, which is not read; unpack it (unlzma), or pack it with gzip or xz",
    b"7z\xbc\xaf\x27\x1c": f"a 7-Zip archive; {_UNPACK}",
    b"Rar!\x1a\x07": f"a RAR archive; {_UNPACK}",
}
"""First bytes -> what begins so, and what to do."""
_SAS = b"\xc2\xea\x81\x60"
_TAR = (257, b"ustar")
_TAGS = re.compile(r"\s*<(?:\?xml\b|!doctype\b|html\b|[a-z][\w:-]*(?: [^<>]*)?>\s*$)", re.IGNORECASE)
_STUDIO = ("annotations", "completions")
_LINES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"@relation\b", re.I), "an ARFF file (Weka); save it as CSV (in Weka: Save, type CSV)"),
    (
        re.compile(r"@(?:problemname|timestamps|univariate|classlabel)\b", re.I),
        "a .ts file (sktime, UEA archive); save it as CSV with a row per step, or as .npz with frames and label "
        "(load_from_tsfile, then np.savez)",
    ),
    (
        re.compile(r"[TREAMN]\d+\t\S+(?: \S+)* \d+ \d+(?:;\d+ \d+)*\t"),
        "annotations of brat; convert them and their text to CoNLL (brat: tools/anntoconll.py)",
    ),
    (
        re.compile(r"\(\d+ \(\d+ "),
        "a file of trees with a label for each node (SST); write each sentence and its label into a CSV",
    ),
    (
        re.compile(r"[+-]?\d+(?:\.\d+)? \d+:[-+.\deE]+(?: \d+:[-+.\deE]+)+\s*$"),
        "a file of sparse features (LIBSVM), whose order has no meaning in time; give texts or series",
    ),
)
"""How lines begin -> what has such lines, and what to do; comments and blank lines before them don't count."""


def foreign_bytes(begun: bytes) -> str | None:
    """Tell a file that is not read by its first bytes.

    Args:
        begun: the first 512 bytes, unpacked.

    Returns:
        What it is and what to do; None where it is none of those known.

    Example:
        >>> foreign_bytes(b"%PDF-1.4")
        'a PDF; save its text as .txt'
    """
    start, mark = _TAR
    if begun[start : start + len(mark)] == mark:
        return f"a tar archive; {_UNPACK}"
    if begun[12:16] == _SAS:
        return f"a SAS file; {_TABLE}"
    found = next((magic for magic in _MAGIC if begun.startswith(magic)), None)
    if found is None or (found.isalnum() and b"\0" not in begun):  # a text may begin with such letters
        return None
    return _MAGIC[found]


def archive_kind(path: Path) -> str | None:
    """Tell what a ZIP archive is.

    Args:
        path: the file.

    Returns:
        What it is and what to do; "" for NumPy's, which are read; None where it is no archive.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (OSError, zipfile.BadZipFile):
        return None
    if any(name.endswith(".npy") for name in names):
        return ""
    if any(name.startswith("xl/") for name in names):
        return "an Excel workbook; save its sheet as CSV UTF-8 (in Excel: File, Save As)"
    if any(name in ("word/document.xml", "content.xml") for name in names):
        return "an Office document; save its text as .txt, or its table as CSV"
    if any(name.endswith("/data.pkl") for name in names):
        return f"a file of PyTorch (torch.save), which may hold code; {_PYTHON}"
    return f"a ZIP archive; {_UNPACK}"


def foreign_lines(lines: Sequence[str]) -> str | None:
    """Tell a text file that is not read by its first lines.

    Args:
        lines: the first lines.

    Returns:
        What it is and what to do; None where it is none of those known.

    Example:
        >>> foreign_lines(["% a comment", "@RELATION iris"])
        'an ARFF file (Weka); save it as CSV (in Weka: Save, type CSV)'
    """
    there = [line for line in lines[:200] if line.strip() and line[0] not in "%#"][:5]
    if not there:
        return None
    for form, what in _LINES:
        if all(form.match(line) for line in (there if form.pattern[0] != "@" else there[:1])):
            return what
    if _TAGS.match(there[0]):
        return "marked up (XML or HTML); take the texts out, into a CSV or JSON lines"
    if there[0].startswith("- ") and all(re.match(r"(?:- |  )[\w -]+: ", line) for line in there):
        return "YAML; save it as JSON lines"
    return _foreign_json(lines)


def _foreign_json(lines: Sequence[str]) -> str | None:
    """What Label Studio and notebooks write as JSON."""
    begun = "\n".join(lines[:400]).lstrip()[:20_000]
    if begun.startswith("{") and '"nbformat"' in begun and '"cells"' in begun:
        return "a notebook; save its data as CSV or JSON lines"
    if not begun.startswith("[") or not any(f'"{key}"' in begun for key in _STUDIO) or '"result"' not in begun:
        return None
    try:
        first: Any = json.JSONDecoder().raw_decode(begun[1:].lstrip())[0]
    except (ValueError, RecursionError):
        first = {"data": None}  # longer than what is looked at
    if isinstance(first, dict) and "data" in cast("dict[str, Any]", first):
        return "Label Studio's JSON with all annotations; export it as CSV or JSON-MIN, or words as CONLL2003"
    return None
