"""The demo ``vanishing``: a word is whispered at the first step, and cells are asked for it at the last."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from throughtime.cli.demos.demo import Demo
from throughtime.cli.demos.showing import records_of, say
from throughtime.data.demos.telephone import LENGTH, WORDS, telephone

if TYPE_CHECKING:
    from throughtime.insight.pictures.telephone import Game

__all__ = ["DEMO", "PLAYERS"]

PLAYERS: Mapping[str, Mapping[str, Any]] = {
    "rnn": {"cell": "rnn"},
    "lstm": {"cell": "lstm", "init": "default"},
    "gru": {"cell": "gru"},
    "mingru": {"cell": "mingru"},
    "lstm, forget bias": {"cell": "lstm", "init": "forget_bias:3"},
    "rnn, orthogonal start": {"cell": "rnn", "init": "orthogonal"},
    "rnn, orthogonal, clipped": {"cell": "rnn", "init": "orthogonal", "clip": 1.0},
}
"""Who plays: the cells as they are, then with a forget gate that starts open (Jozefowicz, Zaremba and Sutskever 2015),
with W_hh orthogonal at the start (Saxe et al. 2014), and with gradients clipped, too (Pascanu et al. 2013)."""
HELPED = 4
"""So many play without help."""
SHOWN = 16
"""Games in which it is seen what is left of the first step; it is their mean."""
ALIKE: Mapping[str, Any] = {
    "hidden": 32, "embedding": 8, "layers": 1, "bidirectional": False, "pooling": "last", "dropout": 0.0,
    "word_dropout": 0.0, "unit": "characters", "batch_size": 32, "learning_rate": 1e-3, "schedule": "constant",
    "warmup": 20, "weight_decay": 0.0, "clip": 0.0, "pre_norm": False, "residual": False, "feed_forward": 0,
    "validate_every": 200, "sample_every": 0, "checkpoint_every": 1e6, "rival": False,
}  # fmt: skip
"""All play alike: one layer of 32 units, and nothing around it."""
STEPS, TINY = 1500, 1e-12
"""Updates of each; and a learning rate that changes nothing, for those that have not learned."""


def _play(console: Console, folder: Path, max_minutes: float, seed: int) -> None:
    """Let each learn, and draw what is left of the first step before and after."""
    from throughtime.insight.pictures.telephone import telephone_picture
    from throughtime.insight.pictures.writing import write_picture

    data = Path(f"{folder}-data")
    games: list[Game] = []
    for place, (name, own) in enumerate(PLAYERS.items()):
        games.append(_game(folder / str(place), data, name, own, max_minutes / len(PLAYERS), seed, place >= HELPED))
        game = games[-1]
        say(
            console,
            f"  {name:<25} says it right in {game.right:4.0%}; left of step 1 at step {LENGTH}: "
            f"{game.untrained[-1]:.0e} before learning, {game.trained[-1]:.2g} after",
        )
    picture = telephone_picture(games, words=len(WORDS), updates=STEPS)
    for form in ("svg", "png"):
        write_picture(folder / f"vanishing.{form}", "The telephone game", picture)
    say(console, f"\npicture: {folder / 'vanishing.png'} (and vanishing.svg)", "bold")


def _game(folder: Path, data: Path, name: str, own: Mapping[str, Any], minutes: float, seed: int, helped: bool) -> Game:
    """Let one learn."""
    from throughtime.insight.pictures.telephone import Game
    from throughtime.runs import fit
    from throughtime.training.reporter import SilentReporter

    how: dict[str, Any] = {"out": folder, "overwrite": True, "seed": seed, "reporter": SilentReporter()}
    how |= {"valid": data / "new-games.csv", **ALIKE, **own}
    fresh: dict[str, Any] = {**how, "learning_rate": TINY, "steps": 1}
    before = _left(fit("classify", data / "games.csv", **fresh), data)
    run = fit("classify", data / "games.csv", steps=STEPS, max_minutes=minutes, **how)
    if run.status == "interrupted":
        raise KeyboardInterrupt
    return Game(name=name, untrained=before, trained=_left(run, data), right=run.metrics["accuracy"], helped=helped)


def _left(run: Any, data: Path) -> Any:
    """What is left of the first step at each later one, in a few new games."""
    import numpy as np

    from throughtime.insight.first_step import left_of_first_step

    learner, records = run.model, records_of(run, data / "new-games.csv")[:SHOWN]
    batch = learner.batch(learner.inputs.features.items(records), np.arange(len(records)))
    return left_of_first_step(learner.model.recurrent, learner.model.read(batch.arrays["tokens"]))


DEMO = Demo(
    task="classify",
    summary="a word is whispered at step 1; RNN, LSTM, GRU and minGRU, with help and without: who knows it at step 40?",
    source="games out of random letters: one of four words, then 39 letters that mean nothing",
    data=telephone,
    options={},
    max_minutes=1.5,
    play=_play,
    next=(
        "throughtime explain {run}/4 {data}/new-games.csv --what flow",
        "throughtime explain {run}/4 {data}/new-games.csv --out flow.html",
        "throughtime evaluate {run}/1 {data}/new-games.csv",
    ),
)
