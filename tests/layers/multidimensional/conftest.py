"""What the tests of the layers over more dimensions share: the helpers beside them, and those of all layers."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # restated
