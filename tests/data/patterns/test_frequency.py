"""Names of frequencies."""

from __future__ import annotations

import pytest

from throughtime.data.clocks.zones import HOUR, MINUTE, SECOND
from throughtime.data.patterns.frequency import Frequency, frequency_named, length
from throughtime.data.patterns.grids import DAY
from throughtime.errors import UsageError


@pytest.mark.parametrize(
    ("names", "unit", "count"),
    [
        ("hour H h hourly 1h Hours 60min", "time", HOUR),
        ("minute T min", "time", MINUTE),
        ("15min 15T", "time", 15 * MINUTE),
        ("30s 30S", "time", 30 * SECOND),
        ("day D daily 24h", "time", DAY),
        ("week W weekly W-SUN 7D", "time", 7 * DAY),
        ("B weekday business-day business_days", "business day", 1),
        ("month M ME MS BME monthly", "month", 1),
        ("quarter Q QS QE Q-DEC QS-JAN 3M", "month", 3),
        ("year Y A AS YE annual yearly A-DEC 12M", "month", 12),
        ("2 12", "number", None),
    ],
)
def test_names(names: str, unit: str, count: int | None) -> None:
    for name in names.split():
        assert frequency_named(name) == Frequency(unit, count or int(name)), name  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "words"),
    [("15 minutes", "15 minutes"), ("business day", "a business day"), ("business days", "a business day"),
     ("2 quarters", "6 months"), ("90 minutes", "90 minutes"), ("24 months", "2 years")],
)  # fmt: skip
def test_words(name: str, words: str) -> None:
    assert frequency_named(name).words == words


@pytest.mark.parametrize("name", ["fortnight", "", "0 days", "m", "2B", "-5", "1.5 hours", "hour day", "0"])
def test_what_is_no_frequency_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="frequency must be second, minute"):
        frequency_named(name)


def test_lengths() -> None:
    assert length(36 * HOUR, "time") == "36 hours" and length(14 * DAY, "time") == "2 weeks"
    assert length(7, "number") == "7" and length(1, "time") == "a microsecond"
