"""What the tests of programs for GPUs share: their helpers, and products of bfloat16 in the interpreter."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path[:0] = [str(Path(__file__).parent / "sweep")]  # gpu_cases, gpu_programs


@pytest.fixture
def bfloat16_products(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Triton's interpreter keeps bfloat16 as 16 bits and would multiply those: here they are widened first."""
    interpreter: Any = pytest.importorskip("triton.runtime.interpreter")
    language: Any = pytest.importorskip("triton.language")
    narrow = interpreter.InterpreterBuilder.create_dot

    def dot(self: Any, a: Any, b: Any, *rest: Any) -> Any:
        a, b = (self.cast_impl(x, language.float32) if x.dtype.scalar == language.bfloat16 else x for x in (a, b))
        return narrow(self, a, b, *rest)

    monkeypatch.setattr(interpreter.InterpreterBuilder, "create_dot", dot)
    yield
