"""Text as documents; nothing is lost: documents joined by what stood between them are the text again."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Document", "RawText", "Text"]

RawText = str | bytes
"""What a document holds: characters, or bytes where the unit is bytes."""


@dataclass(frozen=True, slots=True)
class Document:
    """One document: its content, how much text stood between it and the next one, and its label if it has one."""

    content: RawText
    """The text of the document."""
    gap: int = 0
    """Length of the separator that followed it in its file, in the units of ``content``."""
    label: str | None = None
    """What it is a text for, such as its author; None where that is not told."""


@dataclass(frozen=True, slots=True)
class Text:
    """Documents in order."""

    documents: tuple[Document, ...]
    """The documents; those of one file stand together."""

    def __len__(self) -> int:
        """Length of the text as it stands in the files, separators included."""
        return sum(len(document.content) + document.gap for document in self.documents)

    @property
    def characters(self) -> int:
        """Count the characters; bytes that are not UTF-8 count as one character each."""
        return sum(_characters(document.content) + document.gap for document in self.documents)


def _characters(content: RawText) -> int:
    if isinstance(content, str):
        return len(content)
    try:
        return len(content.decode("utf-8"))
    except UnicodeDecodeError:
        return len(content)
