"""Looking into a network: why it forgot, what it remembers, what each gate did."""

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
