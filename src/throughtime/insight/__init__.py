"""Looking into a network: why it forgot, what it remembers, what each gate did.

:func:`subject` says what is looked at where there are layers alone, :func:`inside` where there is a whole net. All
other functions take what those give, and give arrays (:mod:`throughtime.insight.results`).

Example:
    >>> import torch, throughtime as tt
    >>> seen = tt.insight.subject(tt.LSTM(3, 8), torch.randn(50, 3))
    >>> flow = tt.insight.gradient_flow(seen)
    >>> flow.norms["c_l0"].shape, bool(flow.decay("c_l0") < 1)
    ((50,), True)
"""

from __future__ import annotations

from throughtime.insight.flow import gradient_flow
from throughtime.insight.gates import gate_statistics
from throughtime.insight.horizon import memory_horizon
from throughtime.insight.interventions import Edit, ablate, clamp, intervene
from throughtime.insight.models import inside
from throughtime.insight.saliency import saliency
from throughtime.insight.spectrum import jacobian_spectrum
from throughtime.insight.subject import Subject, subject
from throughtime.insight.units import find_units, matching_units, unit_activity
from throughtime.insight.walk import walk

__all__ = [
    "Edit",
    "Subject",
    "ablate",
    "clamp",
    "find_units",
    "gate_statistics",
    "gradient_flow",
    "inside",
    "intervene",
    "jacobian_spectrum",
    "matching_units",
    "memory_horizon",
    "saliency",
    "subject",
    "unit_activity",
    "walk",
]
