"""Tables of series that options of forecast are tried with."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path


def days(task: str) -> str:
    """Two series by day, café and tea, which other columns part or order otherwise; two more values beside."""
    lines = [
        f"{('café', 'tea')[n % 2]},{'ab'[n % 3 > 0]},{date(2024, 1, 1) + timedelta(n // 2)},"
        f"{n // 2 * (n % 2 * 2 - 1) + 90},{n // 2 % 7 + n % 2 * 3 + n % 5},{n * n % 11}"
        for n in range(80)
    ]
    Path("t.csv").write_text("\n".join(["shop,kind,date,at,value,other", *lines]) + "\n", encoding="utf-8")
    return "t.csv"


def covariates(task: str) -> str:
    """One series, and numbers beside it."""
    lines = [f"{n},{n % 7 + n % 5},{n % 7},{n * n % 11},3" for n in range(60)]
    Path("t.csv").write_text("\n".join(["step,value,x,z,size", *lines]) + "\n")
    return "t.csv"


def numbers_alone(task: str) -> str:
    """Lines of numbers, the first of which might be names."""
    Path("t.csv").write_text("1,2\n" + "".join(f"{n % 7 + n % 5},{n % 3}\n" for n in range(60)))
    return "t.csv"


def hours_in_spring(task: str) -> str:
    """Hours over the night in which clocks are put forward."""
    stamps = [f"2024-03-{30 + n // 24} {n % 24:02d}:00" for n in range(48) if n != 26]
    lines = [f"{stamp},{n % 7 + n % 5}" for n, stamp in enumerate(stamps)]
    Path("t.csv").write_text("\n".join(["time,value", *lines]) + "\n")
    return "t.csv"


def holes(task: str) -> str:
    """One series, in which values are missing."""
    lines = [f"{n},{'' if n % 9 == 4 else n % 7 + n % 5 + 20}" for n in range(60)]
    Path("t.csv").write_text("\n".join(["step,value", *lines]) + "\n")
    return "t.csv"


def one_short_series(task: str) -> str:
    days(task)
    with Path("t.csv").open("a", encoding="utf-8") as file:
        file.writelines(f"short,a,2024-01-{day:02d},{day},{day},1\n" for day in range(1, 6))
    return "t.csv"
