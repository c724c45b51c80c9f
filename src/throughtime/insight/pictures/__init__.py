"""Pictures of what looking into a network gives: SVG, PNG or a page, as a file's name ends. Loads no torch."""

from __future__ import annotations

from throughtime.insight.pictures.plot import picture_of, plot

__all__ = ["picture_of", "plot"]
