"""Which score is shown, and which of two is better."""

from __future__ import annotations

import pytest

from throughtime.training.scores import SCORES, headline, is_better, unit_of


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        (["loss", "accuracy", "entity_f1"], "entity_f1"),
        (["f1", "f1_macro", "loss"], "f1"),
        (["loss", "mae", "rmse"], "rmse"),
        (["smape", "mase", "rmse", "mae", "crps", "crps_scaled", "coverage_80", "loss"], "crps_scaled"),
        (["loss", "bits_per_byte"], "bits_per_byte"),
        (["loss", "word_error_rate", "chrf", "token_error_rate", "exact_match", "bleu"], "bleu"),
        (["word_error_rate", "character_error_rate", "token_error_rate", "exact_match"], "exact_match"),
        (["seconds"], "loss"),
        ([], "loss"),
    ],
)
def test_the_headline_is_what_the_task_is_about(names: list[str], shown: str) -> None:
    assert headline(names) == headline(reversed(names)) == shown


@pytest.mark.parametrize("name", [*SCORES, "anything"])
def test_the_better_one_wins_and_a_draw_does_not(name: str) -> None:
    bleu = ("bleu", "bleu_1", "bleu_2", "bleu_3")
    larger = name in (*bleu, "accuracy", "f1", "entity_f1", "chrf", "exact_match", "word_accuracy")
    assert is_better(name, 0.9, 0.8) is larger
    assert is_better(name, 0.8, 0.9) is not larger
    assert not is_better(name, 0.8, 0.8)
    assert is_better(name, 0.0, None)


def test_of_intervals_the_better_ones_hold_what_they_should() -> None:
    assert is_better("coverage_80", 0.75, 0.9) and is_better("coverage_80", 0.85, 0.7)
    assert not is_better("coverage_80", 0.9, 0.75) and not is_better("coverage_80", 0.7, 0.85)


def test_every_score_has_a_unit() -> None:
    assert unit_of("rmse") == "root mean squared error"
    assert unit_of("anything") == "anything"
