"""Without a GPU the programs run in Triton's interpreter, which is chosen when they are defined."""

from __future__ import annotations

import os

os.environ.setdefault("TRITON_INTERPRET", "1")
