"""The lines of the demo ``code``: Python's own source, token by token.

Source and licence: Python (PSF licence), as it lies beside the Python that runs.
"""

from __future__ import annotations

import json
import sysconfig
import tokenize
from collections.abc import Iterator, Sequence
from keyword import iskeyword
from pathlib import Path

from throughtime.data.demos.making import Files, writing
from throughtime.errors import DataError

__all__ = ["python_tokens", "token_labels"]

LONGEST_TOKEN, LONGEST_LINE = 60, 80


def python_tokens(folder: Path, *, tokens: int = 200_000) -> Files:
    """Write lines of Python's standard library (PSF licence), token by token, with what each token is there.

    A name is a ``function`` or ``class`` that is defined, a ``parameter``, an ``argument``, a ``call``, a ``method``,
    an ``attribute``, ``assigned``, a ``module``, ``imported`` or just a ``name``: that depends on what stands around
    it. All else is a ``keyword``, ``string``, ``number``, ``operator`` or ``comment``. Lines of one token, and those
    with very long ones, are left out.

    Args:
        folder: where the files go.
        tokens: about how many, a twelfth of them to validate on, from other modules.

    Returns:
        Two files of JSON lines, ``tokens`` and ``tags``.

    Raises:
        DataError: this Python came without its source.
    """
    train: list[str] = []
    valid: list[str] = []
    source = Path(sysconfig.get_path("stdlib"))
    count = 0
    for number, path in enumerate(sorted(source.glob("*.py"))):
        if count >= tokens:
            break
        part = valid if number % 12 == 6 else train
        for line in _lines(path):
            words = [token.string for token in line]
            part.append(json.dumps({"tokens": words, "tags": token_labels(line)}, ensure_ascii=False))
            count += len(line)
    if not train or not valid:
        raise DataError(f"{source} holds too little Python source for the demo; use another Python")
    paths = [folder / "tokens-train.jsonl", folder / "tokens-valid.jsonl"]
    for path, part in zip(paths, (train, valid), strict=True):
        with writing(path) as file:
            file.write("".join(f"{line}\n" for line in part).encode("utf-8"))
    return paths[:1], paths[1:]


def _lines(path: Path) -> Iterator[list[tokenize.TokenInfo]]:
    """Yield the logical lines of a module that are neither trivial nor unwieldy."""
    line: list[tokenize.TokenInfo] = []
    with path.open("rb") as file:
        try:
            for token in tokenize.tokenize(file.readline):
                if token.type not in (tokenize.NEWLINE, tokenize.ENCODING) and token.string.strip():
                    line.append(token)
                alone = token.type == tokenize.NL and all(each.type == tokenize.COMMENT for each in line)
                if token.type == tokenize.NEWLINE or alone:
                    longest = max((len(each.string) for each in line), default=0)
                    if 2 <= len(line) <= LONGEST_LINE and longest <= LONGEST_TOKEN and not alone:
                        yield line
                    line = []
        except (SyntaxError, tokenize.TokenError):  # a module that is broken on purpose, for tests
            return


def token_labels(line: Sequence[tokenize.TokenInfo]) -> list[str]:
    """Say what each token of a logical line is.

    Args:
        line: tokens as ``tokenize`` gives them, without those of blanks and line ends.

    Returns:
        A label for each.
    """
    words = ["", *(token.string for token in line), ""]
    tags: list[str] = []
    depth = 0
    for i, token in enumerate(line, 1):
        depth += (words[i] in "([{") - (words[i] in ")]}") if token.type == tokenize.OP else 0
        if token.type == tokenize.NAME:
            tags.append("keyword" if iskeyword(words[i]) else _name_tag(words, i, depth))
        elif token.type in (tokenize.NUMBER, tokenize.COMMENT, tokenize.OP):
            tags.append({tokenize.NUMBER: "number", tokenize.COMMENT: "comment", tokenize.OP: "operator"}[token.type])
        else:
            tags.append("string")  # in Python 3.12 and later the pieces of an f-string too
    return tags


def _name_tag(words: Sequence[str], i: int, depth: int) -> str:
    """Say what a name is, by the words before and after it; ``depth`` counts the brackets that are open."""
    before, after = words[i - 1], words[i + 1]
    defines = "def" in words[1:3]
    if before in ("def", "class"):
        return "function" if before == "def" else "class"
    if words[1] in ("import", "from"):
        return "imported" if words[1] == "from" and "import" in words[:i] else "module"
    if defines and depth == 1 and before in ("(", ",", "*", "**"):
        return "parameter"
    if before == ".":
        return "method" if after == "(" else "attribute"
    if after == "=" and not defines:
        return "argument" if depth else "assigned"
    return "call" if after == "(" else "name"
