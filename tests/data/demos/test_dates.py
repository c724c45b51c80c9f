"""What is written are right dates, each with one right answer, and no date that is validated on is learned from."""

from __future__ import annotations

import datetime
import re
import sys
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest

from throughtime.data.demos.dates import LOCALES, SKELETONS, STYLES, dates_in_languages
from throughtime.data.formats.registry import read_records
from throughtime.data.reading import Problems, Reading
from throughtime.data.record import Sequences
from throughtime.data.user_data import Given
from throughtime.errors import UsageError

Rows = list[list[str]]


def read(path: Path) -> Rows:
    head, *rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]
    assert head == ["source", "target", "language"]
    return rows


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dates")
    assert dates_in_languages(folder) == ([folder / "dates-train.tsv"], [folder / "dates-valid.tsv"])
    assert len(list(folder.iterdir())) == 2, "nothing half written is left"
    return folder


@pytest.fixture(scope="module")
def written(folder: Path) -> tuple[Rows, Rows]:
    return read(folder / "dates-train.tsv"), read(folder / "dates-valid.tsv")


def nth(words: str, number: int) -> str:
    return words.split()[number]


def german(date: datetime.date) -> list[str]:
    m, d, y = date.month, date.day, date.year
    month = nth("Januar Februar März April Mai Juni Juli August September Oktober November Dezember", m - 1)
    short = nth("Jan. Feb. März Apr. Mai Juni Juli Aug. Sept. Okt. Nov. Dez.", m - 1)
    weekday = nth("Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag", date.weekday())
    text = f"{d}. {month} {y}"
    return [f"{d:02}.{m:02}.{y}", f"{d}.{m}.{y}", text, f"{weekday}, {text}", f"{weekday[:2]}., {d}. {short} {y}"]


def hungarian(date: datetime.date) -> list[str]:
    m, d, y = date.month, date.day, date.year
    months = "január február március április május június július augusztus szeptember október november december"
    text = f"{y}. {nth(months, m - 1)} {d}."
    short = f"{y}. {nth('jan. febr. márc. ápr. máj. jún. júl. aug. szept. okt. nov. dec.', m - 1)} {d}."
    weekday = nth("hétfő kedd szerda csütörtök péntek szombat vasárnap", date.weekday())
    letters = nth("H K Sze Cs P Szo V", date.weekday())
    return [f"{y}. {m:02}. {d:02}.", short, text, f"{text}, {weekday}", f"{short}, {letters}"]


def japanese(date: datetime.date) -> list[str]:
    y, m, d, weekday = date.year, date.month, date.day, "月火水木金土日"[date.weekday()]
    text = f"{y}年{m}月{d}日"
    return [f"{y}/{m:02}/{d:02}", f"{y}/{m}/{d}", text, f"{text}{weekday}曜日", f"{text}({weekday})"]


def russian(date: datetime.date) -> list[str]:
    m, d, y = date.month, date.day, date.year
    months = "января февраля марта апреля мая июня июля августа сентября октября ноября декабря"
    text = f"{d} {nth(months, m - 1)} {y} г."
    short = f"{d} {nth('янв. февр. мар. апр. мая июн. июл. авг. сент. окт. нояб. дек.', m - 1)} {y} г."
    weekday = nth("понедельник вторник среда четверг пятница суббота воскресенье", date.weekday())
    letters = nth("пн вт ср чт пт сб вс", date.weekday())
    return [f"{d:02}.{m:02}.{y}", short, text, f"{weekday}, {text}", f"{letters}, {short}"]


def persian(date: datetime.date) -> list[str]:
    y, m, d = (str(number).translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")) for number in date.timetuple()[:3])
    months = "ژانویه فوریه مارس آوریل مه ژوئن ژوئیه اوت سپتامبر اکتبر نوامبر دسامبر"
    weekday = nth("دوشنبه سه\u200cشنبه چهارشنبه پنجشنبه جمعه شنبه یکشنبه", date.weekday())
    text = f"{d} {nth(months, date.month - 1)} {y}"
    return [f"{y}/{m}/{d}", text, f"{weekday} {text}"]


@pytest.mark.parametrize("by_hand", [german, hungarian, japanese, russian, persian], ids=lambda each: each.__name__)
def test_dates_are_written_as_the_language_writes_them(
    by_hand: Callable[[datetime.date], list[str]], written: tuple[Rows, Rows]
) -> None:
    rows = [row for row in written[0] if row[2] == by_hand.__name__.capitalize()]
    assert len(rows) == 500
    used = set[int]()
    for source, target, _ in rows:
        right = by_hand(datetime.date.fromisoformat(target))
        assert source in right
        used.add(right.index(source))
    assert used == set(range(len(right))), "every form is there"


def numbers_of(text: str) -> list[int]:
    return [int(digits) for digits in re.findall(r"\d+", text)]  # of any script


@pytest.mark.parametrize(
    ("language", "july", "march"),
    [
        ("English", "July ", "March "), ("Spanish", " de julio de ", " de marzo de "), ("Polish", " lipca ", " marca "),
        ("Croatian", " srpnja ", " ožujka "), ("Greek", " Ιουλίου ", " Μαρτίου "), ("Hindi", " जुलाई ", " मार्च "),
        ("Armenian", " թ. հուլիսի ", " թ. մարտի "), ("Hebrew", " ביולי ", " במרץ "), ("Georgian", "ივლისი,", "მარტი,"),
        ("Marathi", " जुलै", " मार्च"), ("Bangla", " জুলাই, ", " মার্চ, "), ("Arabic", " يوليو ", " مارس "),
        ("Thai", " กรกฎาคม ค.ศ. ", " มีนาคม ค.ศ. "), ("Korean", "년 7월 ", "년 3월 "), ("Chinese", "年7月", "年3月"),
        ("Tamil", " ஜூலை, ", " மார்ச், "), ("Amharic", "ጁላይ ", "ማርች "), ("Vietnamese", " tháng 7, ", " tháng 3, "),
    ],
)  # fmt: skip
def test_months_are_called_what_they_are(language: str, july: str, march: str, written: tuple[Rows, Rows]) -> None:
    for word, month in ((july, 7), (march, 3)):
        found = [row for row in written[0] if row[2] == language and word in row[0]]
        assert len(found) >= 5
        for source, target, _ in found:
            date = datetime.date.fromisoformat(target)
            assert date.month == month and {date.year, date.day} <= set(numbers_of(source)), source


def as_read(text: str) -> str:
    """The letters and numbers of a text: any digits are ours, none has zeros before it, what is not seen is gone."""
    seen = "".join(sign for sign in text if unicodedata.category(sign) != "Cf")
    ours = "".join(str(unicodedata.decimal(sign)) if sign.isdecimal() else sign for sign in seen)
    return " ".join(re.sub(r"(?<!\d)0+", "", ours).split())


def test_what_is_written_stands_for_no_other_date_in_any_language(written: tuple[Rows, Rows]) -> None:
    from babel.dates import format_date, format_skeleton

    for year in (1999, 2024):
        dates = [datetime.date(year, 1, 1) + datetime.timedelta(days) for days in range(365 + (year == 2024))]
        stand_for: defaultdict[str, set[str]] = defaultdict(set)
        for locale in LOCALES:
            for date in dates:
                texts = [format_date(date, style, locale) for style in STYLES]
                texts += [format_skeleton(skeleton, date, locale=locale) for skeleton in SKELETONS]
                for text in texts:
                    stand_for[as_read(text)].add(date.isoformat())
        assert sum(len(days) > 1 for days in stand_for.values()) >= 132, "days up to 12 that are no month's own"
        rows = [row for part in written for row in part if row[1].startswith(str(year))]
        assert len(rows) > 80
        for source, target, _ in rows:
            assert stand_for[as_read(source)] == {target}, source


def test_in_numbers_with_strokes_the_day_is_told_by_its_size(written: tuple[Rows, Rows]) -> None:
    first = Counter[str]()
    for part in written:
        for source, target, language in part:
            if found := re.fullmatch(r"(\d\d?)/(\d\d?)/(\d{4})", source):
                one, other, year = map(int, found.groups())
                month, day = (one, other) if language == "English" else (other, one)
                assert datetime.date(year, month, day).isoformat() == target
                assert day > 12 or day == month, source
                first["month" if language == "English" else "day"] += 1
    assert min(first["month"], first["day"]) > 50


def test_years_are_whole_and_nothing_unseen_stands_in_a_text(written: tuple[Rows, Rows]) -> None:
    for source, target, _ in (row for part in written for row in part):
        assert [number for number in numbers_of(source) if number > 31] == [int(target[:4])], source
        assert "1900" <= target[:4] <= "2099" and len(source) <= 45
        marks = {sign for sign in source if unicodedata.category(sign)[0] in "CZ"}
        assert marks <= {" ", "\u200c"}, "the space bar's blank, and what Persian writes between letters"
        assert unicodedata.normalize("NFC", source) == source


def test_each_language_has_as_many_and_no_date_is_in_both_files(written: tuple[Rows, Rows], tmp_path: Path) -> None:
    for part, each in zip(written, (500, 50), strict=True):
        counts = Counter(language for _, _, language in part)
        assert len(counts) == len(LOCALES) == 40 and set(counts.values()) == {each}
        assert len({source for source, _, _ in part}) == len(part), "each text is there once"
    learned, held_out = ({target for _, target, _ in part} for part in written)
    assert not learned & held_out
    _, (valid,) = dates_in_languages(tmp_path, train=0, valid=2000, seed=1)
    other = {target for _, target, _ in read(valid)}
    assert not learned & other and other != held_out, "no seed changes which dates are learned from"
    letters, new = ({sign for source, _, _ in part for sign in source} for part in written)
    assert new <= letters


def test_the_same_seed_gives_the_same_files_on_every_machine(written: tuple[Rows, Rows], tmp_path: Path) -> None:
    (train,), (valid,) = dates_in_languages(tmp_path, train=400, valid=0)
    assert read(train) == written[0][:400] and read(valid) == []
    assert written[0][:2] == [
        ["Mon, Aug 7, 2051", "2051-08-07", "English"],
        ["Donnerstag, 18. Oktober 1951", "1951-10-18", "German"],
    ]


def test_a_run_reads_them(folder: Path, written: tuple[Rows, Rows]) -> None:
    how = Reading(text_column="source", target_column="target", target_type="sequences")
    given = Given((folder / "dates-valid.tsv",))
    for record, row in zip(read_records(given, how, Problems(), targets=True), written[1], strict=True):
        assert record.content == row[0] and record.target == Sequences((row[1],))
        assert record.original == dict(zip(("source", "target", "language"), row, strict=True))


def test_what_cannot_be_written_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(
        UsageError, match=r"6\d,\d{3} dates are enough for 6\d\d,\d{3} lines to learn from, not 1,000,000"
    ):
        dates_in_languages(tmp_path, train=1_000_000)
    monkeypatch.setitem(sys.modules, "babel", None)
    with pytest.raises(UsageError, match=r"needs Babel: pip install 'throughtime\[demo\]'"):
        dates_in_languages(tmp_path)
    assert not list(tmp_path.iterdir())
