"""What a file is by what is in it: by its first bytes where those are unmistakable, else by its first lines."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from throughtime.data.encodings import told_encoding
from throughtime.data.files import first_bytes
from throughtime.data.formats.evidence.foreign import archive_kind, foreign_bytes
from throughtime.data.formats.questions.babi import is_babi
from throughtime.data.formats.questions.squad import is_squad
from throughtime.data.formats.tagged.columns import cells_of, is_heading
from throughtime.data.formats.tagged.spans import span_fields
from throughtime.data.reading import Reading
from throughtime.errors import DataError

__all__ = ["format_by_bytes", "format_by_lines", "sample_lines"]

_MAGIC: dict[bytes, str] = {
    b"PAR1": "parquet",
    b"\x93NUMPY": "arrays",
    b"\x89PNG\r\n\x1a\n": "folder",
    b"\xff\xd8\xff": "folder",
    b"GIF8": "folder",
    b"BM": "",
    b"RIFF": "folder",
    b"fLaC": "folder",
    b"OggS": "folder",
}
"""First bytes -> format; a picture or a sound by itself is read as a folder of one."""
_SAMPLE = 1 << 16
_LABEL = "__label__"
_BLANKS = re.compile(r"[ \t]")
_SEQUENCE = re.compile(r"[A-Za-z*.\- ]+")


def format_by_bytes(path: Path) -> str | None:
    """Tell the format of a file by its first bytes, where they are unmistakable.

    Args:
        path: the file, which is there.

    Returns:
        The format's name; None where the bytes tell nothing, as those of text do.

    Raises:
        DataError: the file cannot be read, or is of a kind that is not read: the message says how to save it.
    """
    begun = first_bytes(path, 512)
    if (what := foreign_bytes(begun)) is not None:
        raise DataError(f"{path} is {what}")
    if begun.startswith(b"PK\x03\x04") and (what := archive_kind(path)) is not None:
        if what:
            raise DataError(f"{path} is {what}")
        return "arrays"
    return next((form for magic, form in _MAGIC.items() if form and begun.startswith(magic)), None)


def sample_lines(path: Path, how: Reading) -> list[str]:
    """Give the first lines of a text file as they are, the last one perhaps cut.

    Args:
        path: the file.
        how: its encoding.

    Returns:
        The lines; none where it cannot be decoded, of which whoever reads it will tell.
    """
    begun = first_bytes(path, _SAMPLE)
    encoding = told_encoding(str(path), begun, how.encoding, lambda _: None)
    text = begun.decode(encoding, errors="replace").removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}")
    return text.splitlines()


def format_by_lines(lines: Sequence[str], *, per_step: bool) -> str | None:
    r"""Tell the format of a text by its lines.

    Args:
        lines: the first lines of the file.
        per_step: whether there is a target for each step: words in columns are looked for then.

    Returns:
        The format's name; None where the lines tell nothing.

    Example:
        >>> format_by_lines(["EU\tB-ORG", "rejects\tO", "", "Peter\tB-PER"], per_step=True)
        'conll'
        >>> format_by_lines(['{"text": "so good", "label": "pos"}'], per_step=False)
        'jsonl'
    """
    there = [line for line in lines if line.strip()]
    if not there:
        return None
    first = there[0].lstrip()
    if is_squad("\n".join(lines)):
        return "squad"
    if is_babi(lines):
        return "babi"
    if first.startswith(("{", "[")):
        return _json_format(lines, there, per_step)
    if sum(line.startswith(_LABEL) or f" {_LABEL}" in line for line in there) > 0.9 * len(there):
        return "fasttext"
    if first.startswith(">") and len(there) > 1 and all(_SEQUENCE.fullmatch(line) or line[0] in ">;" for line in there):
        return "fasta"
    if per_step and _in_columns(lines):
        return "conllu" if _universal(there) else "conll"
    return None


def _json_format(lines: Sequence[str], there: Sequence[str], per_step: bool) -> str | None:
    first = there[0].strip()
    try:
        row, end = json.JSONDecoder().raw_decode(first)
    except (ValueError, RecursionError):
        return _begun_format(lines, per_step)
    if isinstance(row, list) and len(there) > 1:
        return "spans" if per_step and _has_spans(row) else None
    items = cast("list[Any]", row) if isinstance(row, list) else []
    if items:
        return "spans" if per_step and _has_spans(items[0]) else "json" if isinstance(items[0], dict | list) else None
    if not isinstance(row, dict) or end < len(first):
        return "jsonl" if isinstance(row, dict) else None
    if len(there) == 1 and _holds_rows(cast("dict[str, Any]", row)):
        return "json"
    return "spans" if per_step and _has_spans(row) else "jsonl"


def _begun_format(lines: Sequence[str], per_step: bool) -> str | None:
    """The format of JSON whose first line is no whole value: over several lines, or a very long one."""
    text = "\n".join(lines).lstrip()
    begun = text[1:].lstrip()
    if text[0] == "[":
        if not begun.startswith(("{", "[")):
            return None
        try:
            item: Any = json.JSONDecoder().raw_decode(begun)[0]
        except (ValueError, RecursionError):
            item = None
        return "spans" if per_step and _has_spans(item) else "json" if begun[0] == "{" or item is not None else None
    if len(lines) == 1:
        return "json" if re.match(r'\{\s*"[^"]*"\s*:\s*[\[{]\s*[\[{"]', text) else "jsonl"
    return "json" if begun.startswith('"') and len(lines[0].strip()) < 3 else None


def _holds_rows(row: dict[str, Any]) -> bool:
    """Whether one object is a whole table: an array of objects under a key, or columns."""
    values = list(row.values())
    if any(isinstance(_first_of(each), dict) for each in values):
        return not ("tokens" in row or "text" in row)
    if "columns" in row and "data" in row:
        return True
    if len(values) < 2 or "tokens" in row:
        return False
    long = all(isinstance(each, list) and len(cast("list[Any]", each)) > 1 for each in values)
    return long or all(isinstance(each, dict) for each in values)


def _has_spans(row: Any) -> bool:
    """Whether a record marks parts of its text by character: spaCy's ``entities``, doccano's ``label``, ``spans``."""
    fields = span_fields(row)
    if fields is None or any(isinstance(_first_of(fields.get(name)), str) for name in ("tokens", "words")):
        return False
    marks: Any = next((fields[name] for name in ("entities", "spans", "label", "labels") if name in fields), None)
    if not isinstance(marks, list):
        return False
    texts = (fields.get(name) for name in ("text", "data", "content", "sentence"))
    return any(isinstance(text, str) for text in texts) and all(map(_is_mark, cast("list[Any]", marks)))


def _first_of(value: Any) -> Any:
    return cast("list[Any]", value)[0] if isinstance(value, list) and value else None


def _is_mark(part: Any) -> bool:
    if isinstance(part, dict):
        return "start" in part or "start_offset" in part
    return isinstance(part, list) and len(cast("list[Any]", part)) >= 3 and isinstance(part[0], int)


def _in_columns(lines: Sequence[str]) -> bool:
    """Whether words stand one a line, in columns, sentences apart by blank lines."""
    blocks: list[list[str]] = [[]]
    for line in lines[:-1] if len(lines) > 50 else lines:
        if not line.strip():
            blocks.append([])
        elif not line.startswith(("#", "-DOCSTART-")):
            blocks[-1].append(line)
    blocks = [block for block in blocks if block]
    rows = [line for block in blocks for line in block if not is_heading(line)]
    if len(blocks) < 2 or len(rows) <= len(blocks):
        return bool(rows) and len(blocks) >= 2 and _even(rows, "\t ")
    return _even(rows, "\t ,;")


def _even(rows: Sequence[str], separators: str) -> bool:
    """Whether rows have as many cells with a separator, two at least, and these are words; names may have spaces."""
    for separator in separators:
        columns = [cells_of(row, separator) for row in rows]
        if len({len(row) for row in columns}) == 1 and len(columns[0]) >= 2:
            one = [[not _BLANKS.search(cell.strip()) for cell in row] for row in columns]
            if all(map(all, one)):
                return True
            if separator == "\t" and all(row[-1] for row in one) and any(row[0] for row in one):
                return True
    return False


def _universal(there: Sequence[str]) -> bool:
    rows = [line.split("\t") for line in there if not line.startswith("#")]
    return all(len(row) == 10 and re.fullmatch(r"\d+([-.]\d+)?", row[0]) for row in rows)
