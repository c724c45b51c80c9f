"""The sweep of diagonal cells: what reads the input is PyTorch's, and what is left of the recurrence is ours.

``project`` and ``read`` of a cell are products over all steps at once, which PyTorch differentiates, compiles and
traces as it does any other. Between them stands one op, ``throughtime::diagonal``, or one of the ways in PyTorch that
take its place.
"""

from __future__ import annotations
