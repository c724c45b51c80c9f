"""What scikit-learn asks of every estimator; what does not go with sequences is listed here, with the reason."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import pytest
from sklearn.utils import estimator_checks
from small_estimators import FEW, classifier, forecaster, regressor, tagger

import throughtime as tt

LISTS = "a list of lists of numbers holds sequences, each as long as it is, so that another width is no error"
FLOAT32 = "numbers are float32, and a product is rounded by its shape, so that a batch of one differs in the 7th digit"
NOT_MET = {"SequenceClassifier": {"check_classifiers_train": LISTS}, "SequenceRegressor": {}}
"""Checks that fail, and why. What they check beside that is checked in test_sequences.py and test_same_as_fit.py."""
NOT_TOLD = {"check_methods_subset_invariance": FLOAT32}
"""Checks that fail or not, as the numbers happen to be, and why; test_sequences.py has the same, less exact."""
QUICK = {**FEW, "hidden": 16, "batch_size": 16, "cell": "gru", "dropout": 0.0, "frame_mask": 0.0, "average": 0.9}
CHECKED = (
    tt.SequenceClassifier(**QUICK, epochs=6),
    tt.SequenceRegressor(**{**QUICK, "learning_rate": 0.04}, pooling="last", epochs=15),
)
"""They must learn 200 rows well enough: R squared above 0.5 on ten columns, of which one matters."""


def not_met(estimator: Any) -> dict[str, str]:
    return NOT_MET[type(estimator).__name__]


@estimator_checks.parametrize_with_checks(CHECKED, expected_failed_checks=not_met)
def test_scikit_learn_checks(estimator: Any, check: Callable[[Any], None]) -> None:
    if reason := NOT_TOLD.get(getattr(check, "func", check).__name__):
        pytest.skip(reason)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        check(estimator)


@pytest.mark.parametrize("estimator", [tagger(), forecaster()], ids=lambda each: type(each).__name__)
@pytest.mark.parametrize(
    "check",
    [
        "check_parameters_default_constructible", "check_get_params_invariance", "check_set_params",
        "check_no_attributes_set_in_init", "check_estimator_cloneable", "check_estimator_repr",
        "check_estimator_tags_renamed", "check_valid_tag_types", "check_mixin_order",
    ],
)  # fmt: skip
def test_checks_of_parameters_alone(estimator: Any, check: str) -> None:
    """Targets of a tagger are ragged, and a forecaster has y first: the checks that learn have no such data."""
    getattr(estimator_checks, check)(type(estimator).__name__, estimator)


def test_tags() -> None:
    for made in (classifier(), regressor(), tagger()):
        tags = made.__sklearn_tags__()
        assert tags.input_tags.string and tags.input_tags.three_d_array and tags.input_tags.two_d_array
        assert not tags.input_tags.sparse and not tags.input_tags.allow_nan and tags.target_tags.required
    kinds = [made.__sklearn_tags__().estimator_type for made in (classifier(), regressor(), tagger(), forecaster())]
    assert kinds == ["classifier", "regressor", None, None]
