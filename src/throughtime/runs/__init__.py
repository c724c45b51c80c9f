"""A run on disk: make one with :func:`fit`, open one with :func:`load`, use it through :class:`Run`.

This is the one place that puts a task, the training loop and a folder together. A run's folder holds ``config.json``,
``model.safetensors`` (the best weights), what the task needs beside them (``vocabulary.json``, ``inputs.json``),
``trainer.safetensors`` and ``trainer.json`` (all that is needed to go on), ``metrics.jsonl``, TensorBoard events,
pictures and ``report.html``.
"""

from __future__ import annotations

from throughtime.runs.fitting import fit
from throughtime.runs.run import Run, load

__all__ = ["Run", "fit", "load"]
