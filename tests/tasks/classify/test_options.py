"""The options of classify that depend on each other."""

from __future__ import annotations

import pytest

from throughtime.errors import UsageError
from throughtime.tasks.classify.options import Config


def test_label_smoothing_is_for_single_labels_and_has_a_default_there() -> None:
    assert Config().smoothing == 0.1 and Config(label_smoothing=0.0).smoothing == 0.0
    assert Config(target_type="number").smoothing == Config(target_type="labels", label_smoothing=0.0).smoothing == 0.0
    for kind in ("labels", "number"):
        with pytest.raises(UsageError, match="label_smoothing is for the target_type label"):
            Config(target_type=kind, label_smoothing=0.1)
    with pytest.raises(UsageError, match="label_smoothing must be at least 0 and below 1"):
        Config(label_smoothing=1.0)
