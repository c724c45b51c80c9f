"""The telephone game is three charts: before learning, after it, and with help."""

from __future__ import annotations

import numpy as np
import pytest
from made_up_results import curves, elements, texts, whole_text

from throughtime.insight.pictures.telephone import Game, telephone_picture

STEPS = np.arange(30.0)
GAMES = [
    Game(name="rnn", untrained=0.5**STEPS, trained=0.6**STEPS, right=0.26),
    Game(name="lstm", untrained=0.6**STEPS, trained=0.9**STEPS, right=0.5),
    Game(name="lstm, forget bias", untrained=0.95**STEPS, trained=np.ones(30), right=1.0, helped=True),
]


def test_each_network_is_a_curve_before_and_after_and_those_with_help_stand_apart() -> None:
    picture = telephone_picture(GAMES, words=4, updates=1500)
    drawn = curves(picture)
    assert len(drawn) == 2 + 2 + 2 and all(len(points) == 30 for points in drawn)
    columns = [{round(points[0][0]) for points in group} for group in (drawn[:2], drawn[2:4], drawn[4:])]
    assert all(len(column) == 1 for column in columns) and len(set.union(*columns)) == 3
    words = texts(picture)
    assert {"rnn", "lstm", "rnn 26%", "lstm 50%", "lstm, forget bias 100%"} <= set(words)
    assert {"before learning", "after 1,500 updates"} <= set(words)
    assert "How much of it is left at step 30?" in whole_text(picture) and "guessing is right in 25%" in whole_text(
        picture
    )


def test_all_charts_have_one_scale_on_which_a_share_kept_is_a_straight_line() -> None:
    rnn, lstm, *_, flat = curves(telephone_picture(GAMES, words=4, updates=1500))
    assert rnn[0][1] == lstm[0][1] == flat[0][1] == flat[-1][1]
    drops = np.diff([y for _, y in rnn])
    np.testing.assert_allclose(drops, drops[0], atol=0.03)
    assert np.diff([y for _, y in lstm])[0] / drops[0] == pytest.approx(np.log(0.6) / np.log(0.5), abs=0.02)


def test_what_is_gone_is_drawn_at_the_bottom() -> None:
    gone = Game(name="gone", untrained=np.zeros(30), trained=np.r_[1.0, np.zeros(29)], right=0.25)
    picture = telephone_picture([gone, GAMES[2]], words=4, updates=1)
    assert "nan" not in picture and "inf" not in picture
    heights = [float(each.get("y")) for each in elements(picture, "text")]
    assert max(y for points in curves(picture) for _, y in points) < max(heights)
