"""Estimators with the habits of scikit-learn, in front of the same runs as :func:`throughtime.fit`.

This room alone takes scikit-learn as a base. An estimator turns X and y into what ``fit`` reads, holds the run that
comes of it in a temporary folder, and answers with it.
"""

from __future__ import annotations

from throughtime.estimators.classifier import SequenceClassifier
from throughtime.estimators.forecaster import Forecaster
from throughtime.estimators.regressor import SequenceRegressor
from throughtime.estimators.tagger import SequenceTagger

__all__ = ["Forecaster", "SequenceClassifier", "SequenceRegressor", "SequenceTagger"]
