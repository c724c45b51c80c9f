"""Where a terminal is, and where there is none."""

from __future__ import annotations

import pytest
from short_training import INFO, console, shown

from throughtime.cli.display import display
from throughtime.cli.display.plain import PlainDisplay


def test_the_display_ends_when_training_fails() -> None:
    target = console(terminal=True)
    with pytest.raises(RuntimeError, match="broken"), display(target) as reporter:
        reporter.started(INFO)
        raise RuntimeError("broken")
    assert "\x1b[?25h" in shown(target), "the cursor is visible again"


def test_no_terminal_means_plain_lines() -> None:
    with display(console(terminal=False)) as reporter:
        assert isinstance(reporter, PlainDisplay)
