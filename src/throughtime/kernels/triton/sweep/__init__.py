"""One sweep for every cell and option on a GPU: ``kernel`` is what :mod:`throughtime.kernels.sweep` calls."""

from __future__ import annotations
