"""A command that is refused, or says something, and what comes of doing as it says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from small_data import GOOD, reviews, text_of

Files = Mapping[str, str | bytes] | Callable[[], object]
FIT = "fit classify a.csv --out run"
TAG = "fit tag a.conll --out run"
BY_ID = "--id-column id --time-column t --target-column state"
TEXTS = text_of(reviews())
UNCLEAR = "red,u\nblue,v\ngreen,v\ngrey,w\npink,v\ngold,v\ntan,v\n"
"""The first line may be a header, or not."""
LONG = "id,t,x,y,state\n" + "".join(f"{n // 3},{n % 3},{n}.5,{n % 2},{'ab'[n // 3 % 2]}\n" for n in range(36))
GAPS = LONG.replace("\n1,1,4.5,", "\n1,1,,")
TEXT = "It was a dark night; no one saw it coming. " * 40
FASTTEXT = "".join(f"__label__{'ab'[n % 2]} so good {n}\n" for n in range(12)) + "__label__a __label__b both\n"
LATIN = TEXTS.replace("tea", "thé").encode("latin-1")
SENTENCES = "sentence,word,tag\n" + "".join(f"{n // 3},w{n},{'AB'[n % 2]}\n" for n in range(36))
NAMES = "name,country\n" + "".join(f"{'Ross' if n % 2 else 'Smi'}{n},{'it' if n % 2 else 'en'}\n" for n in range(40))
TRANSLATIONS = GOOD["translate"]
OF_LABELS = "fit generate a.csv --condition country --out run"
"""With a table of names."""
LINES = {f"{role}.txt": "".join(f"so {n} it is\n" for n in range(24)) for role in ("s", "t")}
TRANSLATE = "fit translate a.tsv --out run"
"""With a table of pairs."""
FROM_LINES = "fit translate --source s.txt --target t.txt --out run"
BAD_SPAN = "a O\nb I-x\n\n" + "a B-x\nb I-x\n\n" * 8


@dataclass(frozen=True)
class Case:
    """What is typed, what it says, and what is typed then."""

    files: Files
    """Text of files by name, or what makes them in the current folder."""
    command: str
    """The command as it is typed."""
    says: str
    """A part of what it says."""
    then: str | None = None
    """What is typed behind it as it says."""
    reads: int | str = 0
    """How many records, or characters of a text, the command reads then; or a part of what it refuses further on."""
    before: str | None = None
    """A command that makes the run which is used."""
    without: str | None = None
    """What is left out of the command as it says."""
    told: bool = False
    """Whether it is a note, and the command goes well as it is."""


def written(files: Files) -> None:
    """Write the files of a case below the current folder."""
    if callable(files):
        files()
        return
    for name, content in files.items():
        Path(name).write_bytes(content if isinstance(content, bytes) else content.encode())
