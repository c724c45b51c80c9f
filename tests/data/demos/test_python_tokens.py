"""The tokens are labelled by what stands around them, not by what they are alone."""

from __future__ import annotations

import json
import tokenize
from collections import Counter
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from throughtime.data.demos.python_tokens import python_tokens, token_labels


def test_python_tokens(tmp_path: Path) -> None:
    (train,), (valid,) = python_tokens(tmp_path, tokens=30_000)
    parts = [[json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] for path in (train, valid)]
    for part in parts:
        assert part and all(len(row["tokens"]) == len(row["tags"]) > 1 for row in part)
        assert all(token.strip() for row in part for token in row["tokens"])
    counts = Counter(tag for row in parts[0] for tag in row["tags"])
    assert {"function", "parameter", "call", "method", "attribute", "argument", "assigned", "name"} <= set(counts)
    usual: dict[str, Counter[str]] = {}
    for row in parts[0]:
        for token, tag in zip(row["tokens"], row["tags"], strict=True):
            usual.setdefault(token, Counter())[tag] += 1
    guesses = [
        usual[token].most_common(1)[0][0] == tag if token in usual else tag == "name"
        for row in parts[1]
        for token, tag in zip(row["tokens"], row["tags"], strict=True)
    ]
    assert np.mean(guesses) < 0.9, "the token alone does not decide"


@pytest.mark.parametrize(
    ("line", "tags"),
    [
        ("def f(a, *b, c=d):", "keyword function operator parameter operator operator parameter operator "
         "parameter operator name operator operator"),
        ("class A(B.C):", "keyword class operator name operator attribute operator operator"),
        ("from a.b import c", "keyword module operator module keyword imported"),
        ("import a as b", "keyword module keyword module"),
        ("x = f(y, z=1).g('s') # why", "assigned operator call operator name operator argument operator number "
         "operator operator method operator string operator comment"),
        ("if x == [y]:", "keyword name operator operator name operator operator"),
    ],
)  # fmt: skip
def test_what_tokens_are_called(line: str, tags: str) -> None:
    tokens = [
        token
        for token in tokenize.tokenize(BytesIO(line.encode()).readline)
        if token.type != tokenize.ENCODING and token.string.strip()
    ]
    assert token_labels(tokens) == tags.split()
