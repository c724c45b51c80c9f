"""The tests of the data find what they share."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # small_files, small_media, small_panels, small_readers
