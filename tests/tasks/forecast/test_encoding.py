"""What a forecaster reads of series: lags, bases, seasons ahead, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from tests.tasks.forecast.panels import CLOCK, inputs_for, series_of
from throughtime.errors import DataError
from throughtime.tasks.forecast.inputs import Inputs, Scale, Standard
from throughtime.tasks.forecast.ways.encoding import (
    ahead_of,
    ahead_width,
    back_to_values,
    base_of,
    encode,
    exogenous_width,
    looks_back,
    tail,
    width_of_looks,
)

Y = np.array([1.0, 5.0, 2.0, 8.0, 3.0, 9.0, 4.0, 7.0, 6.0, 12.0])


def _looks(inputs: Inputs, start: int, stop: int, values: np.ndarray = Y) -> np.ndarray:
    encoded = encode(series_of(values), inputs, CLOCK)
    steps = slice(inputs.lead + start, inputs.lead + stop)
    exists, seen = encoded.exists.astype(np.float32), encoded.seen.astype(np.float32)
    return looks_back(encoded.z, exists, seen, encoded.ratio[None], steps, inputs, np.concatenate)


def test_lags_are_the_values_before() -> None:
    inputs = inputs_for([series_of(Y)])
    scale = inputs.scales[""]
    z = (Y - scale.middle) / scale.size
    ratio = float((scale.size / scale.spread)[0])
    found = _looks(inputs, 5, 8)
    assert found.shape == (3, width_of_looks(inputs))
    for row, t in enumerate((5, 6, 7)):
        expected = [z[t - 1] * ratio, z[t - 3] * ratio, z[t - 1] - z[t - 4], 1.0]
        assert found[row] == pytest.approx(expected, abs=1e-6)


def test_before_the_first_step_nothing_was() -> None:
    inputs = inputs_for([series_of(Y)])
    found = _looks(inputs, 0, 2)
    assert found[0].tolist() == [0.0, 0.0, 0.0, 0.0]
    assert found[1, 0] != 0
    assert found[1, 1:].tolist()[0] == 0.0
    assert found[1, 3] == 0.0


def test_differences_do_not_show_the_level() -> None:
    low, high = (inputs_for([series_of(Y + add)], difference=True, anchor=1, seasons=(3,)) for add in (0.0, 1000.0))
    assert _looks(low, 6, 9).shape == (3, width_of_looks(low))
    assert _looks(low, 6, 9) == pytest.approx(_looks(high, 6, 9, Y + 1000.0), abs=1e-3)


def test_a_base_is_a_season_back_or_the_last_value_where_there_was_none() -> None:
    inputs = inputs_for([series_of(Y)])
    encoded = encode(series_of(Y), inputs, CLOCK)
    exists, lead = encoded.exists.astype(np.float32), inputs.lead
    z = encoded.z[lead:, 0]
    found = base_of(encoded.z, exists, slice(lead, lead + 6), 3)[:, 0]
    assert found == pytest.approx([0.0, z[0], z[1], z[0], z[1], z[2]])
    assert not base_of(encoded.z, exists, slice(lead, lead + 6), 0).any()


def test_a_season_ahead_is_never_after_the_origin() -> None:
    inputs = inputs_for([series_of(Y)])
    encoded = encode(series_of(Y), inputs, CLOCK)
    z = encoded.z[inputs.lead :, 0]
    known, base = ahead_of(encoded, 6, 4, inputs)
    assert base[:, 0] == pytest.approx([z[3], z[4], z[5], z[3]])
    assert known.shape == (4, ahead_width(inputs))
    changed = Y.copy()
    changed[6:] = 999.0
    other, base_then = ahead_of(encode(series_of(changed), inputs, CLOCK), 6, 4, inputs)
    assert (known == other).all()
    assert (base == base_then).all()


def test_values_come_back() -> None:
    for log in (False, True):
        inputs = inputs_for([series_of(Y)], log=log)
        encoded = encode(series_of(Y), inputs, CLOCK)
        assert back_to_values(encoded.z[inputs.lead :], encoded.scale, inputs)[:, 0] == pytest.approx(Y, rel=1e-5)


def test_what_is_known_ahead_must_reach_as_far_as_is_looked() -> None:
    series = series_of(Y, known=np.arange(12.0)[:, None])
    inputs = inputs_for([series])
    assert encode(series, inputs, CLOCK, 2).outside.shape == (12, exogenous_width(inputs))
    with pytest.raises(DataError, match="end too early: 2 of 4 steps are missing, the first at 12"):
        encode(series, inputs, CLOCK, 4)


def test_gaps_are_filled_to_be_read_and_are_not_scored() -> None:
    values = Y.copy()
    values[4] = np.nan
    inputs = inputs_for([series_of(values)], gaps=True)
    encoded = encode(series_of(values), inputs, CLOCK)
    assert np.isfinite(encoded.z).all()
    assert encoded.z[inputs.lead + 4, 0] == encoded.z[inputs.lead + 3, 0]
    assert encoded.seen[inputs.lead :, 0].tolist() == [True] * 4 + [False] + [True] * 5
    assert _looks(inputs, 4, 6, values)[:, -1].tolist() == [1.0, 0.0]


@pytest.mark.parametrize("value", [0.0, 5.0, -2e12])
def test_a_constant_series_has_a_size(value: float) -> None:
    scale = Scale.of(np.full((9, 1), value), 3)
    assert np.isfinite(scale.size).all()
    assert (scale.size > 0).all()
    assert (scale.spread >= scale.size).all()


def test_covariates_are_brought_to_one_scale() -> None:
    rows = [np.array([[1.0, 7.0], [3.0, 7.0]]), np.array([[5.0, 7.0]])]
    standard = Standard.of(rows, 2)
    found = standard(np.concatenate(rows))
    assert found.mean(0) == pytest.approx([0.0, 0.0], abs=1e-6)
    assert found.std(0) == pytest.approx([1.0, 0.0], abs=1e-6)


def test_a_tail_reads_the_same() -> None:
    series = series_of(Y, known=np.arange(13.0)[:, None])
    inputs = inputs_for([series])
    whole, end = encode(series, inputs, CLOCK, 3), encode(tail(series, 6), inputs, CLOCK, 3)
    assert (whole.z[-6:] == end.z[-6:]).all()
    assert (whole.outside[-9:] == end.outside).all()


def test_what_a_run_keeps_comes_back() -> None:
    inputs = inputs_for([series_of(Y, "a"), series_of(Y * 3, "b")], gaps=True)
    import json

    again = Inputs.from_mapping(json.loads(inputs.to_json()))
    assert again.to_json() == inputs.to_json()
    assert again.lags == (1, 3)
