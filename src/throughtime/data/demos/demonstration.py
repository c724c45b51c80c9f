"""What the demos learn from, made of what is on the machine: names, digits, Python source, digits that move.

Sources and licences: names out of Faker (MIT licence; https://github.com/joke2k/faker, ``faker/providers/person``);
digits out of scikit-learn, which took them from "Optical recognition of handwritten digits" (Alpaydin and Kaynak 1998,
https://doi.org/10.24432/C50P49, CC BY 4.0); Python's own source (PSF licence), as it lies beside the Python that runs.
"""

from __future__ import annotations

import csv
import importlib
import io
import json
import os
import sysconfig
import tokenize
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from keyword import iskeyword
from pathlib import Path
from typing import IO, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from throughtime.errors import DataError, UsageError

__all__ = ["Files", "handwritten_digits", "moving_digits", "names_by_country", "python_tokens", "token_labels"]

Files: TypeAlias = tuple[list[Path], list[Path]]
"""Files to learn from, and files to validate on."""

COUNTRIES = {
    "Croatia": "hr_HR",
    "England": "en_GB",
    "Estonia": "et_EE",
    "Finland": "fi_FI",
    "France": "fr_FR",
    "Germany": "de_DE",
    "India": "en_IN",
    "Italy": "it_IT",
    "Netherlands": "nl_NL",
    "Slovakia": "sk_SK",
    "Spain": "es_ES",
    "Sweden": "sv_SE",
}
"""Countries whose surnames Faker has by the hundred in Latin letters, and where."""
PACKAGES = {"faker": "Faker", "sklearn": "scikit-learn", "PIL": "Pillow"}
"""What is imported -> what its package is called."""
LONGEST_TOKEN, LONGEST_LINE = 60, 80
CANVAS, DIGIT = 16, 8
DIRECTIONS = {(-1, -1): "up-left", (-1, 1): "up-right", (1, -1): "down-left", (1, 1): "down-right"}


@contextmanager
def _writing(path: Path) -> Generator[IO[bytes]]:
    """Write a file beside its place and rename it there when it is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.part")
    with beside.open("wb") as file:
        yield file
    os.replace(beside, path)


def _lent(module: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError:
        package = PACKAGES[module.split(".")[0]]
        raise UsageError(f"this demo needs {package}: pip install 'throughtime[demo]'") from None


def names_by_country(folder: Path, *, per_country: int = 400, valid_share: float = 0.15, seed: int = 0) -> Files:
    """Write surnames of twelve countries, out of the lists of Faker (MIT licence); those of two countries are left out.

    Args:
        folder: where the files go.
        per_country: names of a country, at most.
        valid_share: share of the names to validate on; no name is in both files.
        seed: of the shuffle.

    Returns:
        Two tables, columns name and country.

    Raises:
        UsageError: Faker is not installed.
    """
    lists = {
        country: sorted(filter(_is_latin, set(_lent(f"faker.providers.person.{locale}").Provider.last_names)))
        for country, locale in COUNTRIES.items()
    }
    countries = Counter(name for names in lists.values() for name in names)
    random = np.random.default_rng(seed)
    train: list[tuple[str, str]] = []
    valid: list[tuple[str, str]] = []
    for country, names in lists.items():
        own = [name for name in names if countries[name] == 1]
        chosen = [own[i] for i in random.permutation(len(own))[:per_country]]
        cut = round(len(chosen) * valid_share)
        valid += [(name, country) for name in chosen[:cut]]
        train += [(name, country) for name in chosen[cut:]]
    return [_table(folder / "names-train.csv", train)], [_table(folder / "names-valid.csv", valid)]


def _is_latin(name: str) -> bool:
    return all(ord(letter) < 0x250 for letter in name)  # where the Latin blocks of Unicode end


def _table(path: Path, rows: Sequence[tuple[str, str]]) -> Path:
    with _writing(path) as file:
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\n").writerows([("name", "country"), *rows])
        file.write(text.getvalue().encode("utf-8"))
    return path


def _digits(seed: int) -> tuple[list[int], list[int], NDArray[np.uint8], NDArray[np.int64]]:
    """Give scikit-learn's digits: (indices to learn from, those to validate on, images (N, 8, 8), labels (N,))."""
    found = _lent("sklearn.datasets").load_digits()
    order: list[int] = np.random.default_rng(seed).permutation(len(found.target)).tolist()
    cut = len(order) // 5
    return order[cut:], order[:cut], np.rint(found.images * (255 / 16)).astype(np.uint8), found.target


def handwritten_digits(folder: Path, *, seed: int = 0) -> Files:
    """Write scikit-learn's 1,797 handwritten digits, 8 x 8 pixels, as images in a folder for each digit.

    A fifth of them, drawn at random, is to validate on: other images, but of the same writers.

    Source: Alpaydin and Kaynak 1998, "Optical recognition of handwritten digits", CC BY 4.0: its test part.

    Args:
        folder: where the folders go.
        seed: of the draw.

    Returns:
        A folder to learn from and one to validate on.

    Raises:
        UsageError: scikit-learn or Pillow is not installed.
    """
    image = _lent("PIL.Image")
    train, valid, images, labels = _digits(seed)
    for name, chosen in (("train", train), ("valid", valid)):
        for i in chosen:
            with _writing(folder / name / str(labels[i]) / f"{i:04}.png") as file:
                image.fromarray(images[i]).save(file, format="png")
    return [folder / "train"], [folder / "valid"]


def moving_digits(folder: Path, *, train: int = 8000, valid: int = 500, frames: int = 20, seed: int = 0) -> Files:
    """Write clips of a digit that moves over a canvas of 16 x 16 pixels and bounces off its edges.

    Each frame is labelled with the digit and where it goes next, such as ``7:up-left``. Which way that is cannot be
    seen in a frame alone. Digits are those of :func:`handwritten_digits`; the clips to validate on show other images.
    The idea is that of Srivastava, Mansimov and Salakhutdinov 2015, "Unsupervised learning of video representations
    using LSTMs", with one digit instead of two.

    Args:
        folder: where the files go.
        train: clips to learn from.
        valid: clips to validate on.
        frames: frames of a clip.
        seed: of images, places and directions.

    Returns:
        Two ``.npz`` with ``clips`` (N, T, 16, 16) and ``labels`` (N, T).

    Raises:
        UsageError: scikit-learn is not installed.
    """
    train_images, valid_images, images, labels = _digits(seed)
    random = np.random.default_rng(seed)
    parts = {"train": (train_images, train), "valid": (valid_images, valid)}
    paths = {name: folder / f"moving-{name}.npz" for name in parts}
    for name, (chosen, count) in parts.items():
        drawn = random.choice(chosen, count)
        clips, directions = _move(images[drawn], frames, random)
        tags = [[f"{digit}:{to}" for to in row] for digit, row in zip(labels[drawn], directions, strict=True)]
        with _writing(paths[name]) as file:
            np.savez_compressed(file, clips=clips, labels=np.array(tags))
    return [paths["train"]], [paths["valid"]]


def _move(
    digits: NDArray[np.uint8], frames: int, random: np.random.Generator
) -> tuple[NDArray[np.uint8], list[list[str]]]:
    """Give the clips, (N, T, 16, 16), and the direction of each frame."""
    clips = np.zeros((len(digits), frames, CANVAS, CANVAS), np.uint8)
    directions: list[list[str]] = []
    for clip, digit in zip(clips, digits, strict=True):
        room = CANVAS - DIGIT
        y, x = random.integers(0, room + 1, 2).tolist()
        down, right = random.choice([-1, 1], 2).tolist()
        directions.append([])
        for frame in clip:
            frame[y : y + DIGIT, x : x + DIGIT] = digit
            down = down if 0 <= y + down <= room else -down
            right = right if 0 <= x + right <= room else -right
            directions[-1].append(DIRECTIONS[down, right])
            y, x = y + down, x + right
    return clips, directions


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
        with _writing(path) as file:
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
