"""``python -m throughtime``: the same as the ``throughtime`` command."""

from __future__ import annotations

from throughtime.cli.main import run

if __name__ == "__main__":
    run()
