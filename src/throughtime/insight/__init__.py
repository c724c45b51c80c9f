"""Looking into a network: why it forgot, what it remembers, what each gate did."""

from __future__ import annotations

from throughtime.insight.flow import gradient_flow
from throughtime.insight.gates import gate_statistics
from throughtime.insight.horizon import memory_horizon
from throughtime.insight.models import inside
from throughtime.insight.spectrum import jacobian_spectrum
from throughtime.insight.subject import Subject, subject

__all__ = ["Subject", "gate_statistics", "gradient_flow", "inside", "jacobian_spectrum", "memory_horizon", "subject"]
