"""The page in a real browser: it opens, shows the numbers of Python, and is used by keys, in the dark, on a phone."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlparse

import numpy as np
import pytest

from throughtime import insight
from throughtime.runs import Run
from throughtime.runs.explaining.looking import look_at_text

CHROMIUM = shutil.which("chromium")
IN_CI = bool(os.environ.get("CI") or os.environ.get("THROUGHTIME_CI"))
pytestmark = pytest.mark.skipif(
    CHROMIUM is None and not IN_CI, reason="no browser: install chromium (apt-get install chromium)"
)
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
TEXT = 'He said "no" and (so) left.'


@contextmanager
def served(*runs: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command itself, and where it listens."""
    command = [sys.executable, "-m", "throughtime", "lab", *runs, "--no-open", "--port", "0"]
    started = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    try:
        assert started.stderr is not None
        found = re.match(r"lab: (http://127\.0\.0\.1:\d+/) ", started.stderr.readline())
        assert found
        yield started, found[1]
    finally:
        started.kill()
        started.communicate()


@pytest.fixture(scope="module")
def server(writer: Path, judge: Path, tagger: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    with served(writer, judge, tagger) as listening:
        yield listening


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        folder = tmp_path_factory.mktemp("browser")
        context = playwright.chromium.launch_persistent_context(
            str(folder), executable_path=CHROMIUM, args=ARGUMENTS, headless=True
        )
        context.set_default_timeout(10_000)
        yield context
        context.close()


@pytest.fixture
def page(browser: Any, server: tuple[subprocess.Popen[str], str]) -> Iterator[Any]:
    """A page of its own, which may neither complain on its console nor ask another host for anything."""
    opened, complaints = browser.new_page(), list[str]()
    opened.set_viewport_size({"width": 1180, "height": 900})
    opened.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    hosts = {urlparse(server[1]).netloc}
    opened.on("request", lambda asked: hosts.add(urlparse(asked.url).netloc))
    yield opened
    opened.close()
    assert complaints == []
    assert hosts == {urlparse(server[1]).netloc}


def opened(page: Any, server: tuple[subprocess.Popen[str], str], query: str, text: str = TEXT) -> None:
    page.goto(f"{server[1]}?{query}&text={quote(text)}")
    read(page, text)


def read(page: Any, text: str) -> None:
    page.wait_for_selector(f"#text[data-read='{len(text)}']")


def until(page: Any, condition: str) -> None:
    """Wait for something to be so; the page's own policy lets nothing wait inside of it."""
    end = time.monotonic() + 10
    while not page.evaluate(condition):
        assert time.monotonic() < end, condition
        page.wait_for_timeout(20)


def told(page: Any, name: str) -> str:
    return parse_qs(urlparse(page.evaluate("location.href")).query).get(name, [""])[0]


def test_read_shows_the_numbers_of_python(page: Any, server: Any, opened_run: Run) -> None:
    opened(page, server, "run=writer&track=c_l1&unit=3&step=9")
    page.wait_for_selector("#numbers [data-track=f_l1]")
    page.wait_for_selector("#curves canvas")
    subject = look_at_text(opened_run.model, TEXT, None, None)
    gates = insight.gate_statistics(subject)
    for name, track in {**gates.values, **gates.states}.items():
        said = page.text_content(f"#numbers [data-track={name}]")
        assert float(said) == pytest.approx(track[9, 3], rel=6e-3, abs=6e-4), name
    expected = opened_run.next(TEXT[:9], top=8).candidates
    rows = page.locator("#says tr").all()
    assert len(rows) == len(expected)
    for row, candidate in zip(rows, expected, strict=True):
        assert row.locator("th").text_content() == candidate.text.replace(" ", "␣").replace("\n", "↵")
        assert float(row.locator(".share").text_content().rstrip(" %")) == pytest.approx(
            100 * candidate.probability, abs=0.06
        )
    strongest = insight.unit_activity(subject, "c_l1", 3, strongest=6).strongest
    said = [float(each.split()[-1]) for each in page.locator("#places button").all_text_contents()]
    assert said == pytest.approx([place.value for place in strongest], rel=6e-3)
    colours = page.eval_on_selector_all("#colours [data-step]", "all => all.map(each => each.style.backgroundColor)")
    memory = gates.states["c_l1"][:, 3]
    assert len(colours) == len(TEXT) + 1
    assert (colours[int(memory.argmax())], colours[int(memory.argmin())]) != (colours[0], colours[0])


def test_a_marked_part_finds_its_units_and_saliency_colours_the_text(page: Any, server: Any, opened_run: Run) -> None:
    opened(page, server, "run=writer")
    page.click("#search")
    assert "Nothing is marked" in page.text_content("#message")
    page.eval_on_selector("#text", "field => { field.focus(); field.setSelectionRange(8, 12); }")
    page.click("#search")
    page.wait_for_selector("#found li")
    found = insight.matching_units(look_at_text(opened_run.model, TEXT, None, None), (9, 13), count=12)
    signs = ["+" if sign > 0 else "−" for sign in found.signs]
    wanted = [
        f"{track}, unit {unit} {sign}" for track, unit, sign in zip(found.tracks, found.units, signs, strict=True)
    ]
    assert page.locator("#found button").all_text_contents() == wanted
    before = page.get_attribute("#colours [data-step='5']", "style")
    page.select_option("select[aria-label^='What has spoken']", index=1)
    until(page, "document.getElementById('where').textContent.startsWith('Contributions')")
    assert page.get_attribute("#colours [data-step='5']", "style") != before


def test_walk_shows_each_number_of_a_step_forward_and_back(page: Any, server: Any, opened_run: Run) -> None:
    opened(page, server, "run=writer&view=walk&track=h_l0&unit=2&step=7")
    page.wait_for_selector("[data-name=h]")
    walked = insight.walk(look_at_text(opened_run.model, TEXT, None, None), 7, lane="l0", unit=2)
    for button, way in (("Forward", "values"), ("Backward", "gradients")):
        page.click(f"role=button[name='{button}']")
        for quantity in walked.quantities:
            said = page.text_content(f"[data-name='{quantity.name}'] .value")
            assert float(said) == pytest.approx(getattr(quantity, way)[2], rel=6e-3, abs=1e-12), quantity.name
    assert page.locator("#sentences li").first.text_content().startswith("Back")
    page.click("#next")
    until(page, "document.getElementById('step').value === '8'")
    page.click("#previous")
    until(page, "document.getElementById('step').value === '7'")


def test_touch_holds_a_unit_and_lets_it_go(page: Any, server: Any, opened_run: Run) -> None:
    opened(page, server, "run=writer&view=touch&unit=1")
    page.wait_for_selector("#changed .share")
    page.fill("#held-value", "1")
    page.click("#hold")
    page.wait_for_selector("#changed .bar1")
    assert page.text_content("#held li") == "h_l1: unit 1 held at 1"
    subject = look_at_text(opened_run.model, TEXT, None, None)
    after = np.exp(insight.intervene(subject, insight.clamp("h_l1", 1.0, 1)).after)
    after[[subject.labels.index("¶"), subject.labels.index("�")]] = 0
    said = sorted(
        float(each.rstrip(" %")) for each in page.locator("#changed td:last-child .share").all_text_contents()
    )
    assert said[-1] == pytest.approx(100 * after.max() / after.sum(), abs=0.06)
    page.click("#undo")
    page.wait_for_selector("#changed .bar1", state="detached")


def test_vanish_draws_the_gradient_on_its_way_back(page: Any, server: Any, opened_run: Run) -> None:
    opened(page, server, "run=writer&view=vanish")
    page.wait_for_selector("#charts svg >> nth=1")
    flow = insight.gradient_flow(look_at_text(opened_run.model, TEXT, None, None))
    said = dict(each.split(": × ") for each in page.locator("#charts li").all_text_contents())
    for track in flow.norms:
        assert float(said[track].split()[0]) == pytest.approx(flow.decay(track), rel=6e-3)


def test_what_is_shown_is_in_the_address_and_comes_back(page: Any, server: Any) -> None:
    opened(page, server, "run=writer&track=f_l0&unit=5")
    page.click("role=tab[name='Walk']")
    page.wait_for_selector("[data-name=h]")
    page.reload()
    page.wait_for_selector("[data-name=h]")
    assert page.input_value("#track") == "f_l0" and page.input_value("#unit") == "5"
    assert page.input_value("#text") == TEXT
    page.go_back()
    page.wait_for_selector("#says")
    assert page.get_attribute("role=tab[name='Read']", "aria-selected") == "true"
    page.go_forward()
    page.wait_for_selector("[data-name=h]")


def test_all_is_done_by_keys(page: Any, server: Any) -> None:
    opened(page, server, "run=writer&unit=3", "")
    page.focus("#text")
    page.keyboard.type("He said")
    read(page, "He said")
    until(page, "document.getElementById('step').value === '7'")
    page.keyboard.press("ArrowLeft")
    until(page, "document.getElementById('step').value === '6'")
    page.focus(".heat")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowLeft")
    until(page, "document.getElementById('unit').value === '4'")
    until(page, "document.getElementById('step').value === '5'")
    assert re.match(r"h_l1, unit 4: -?\d.*, after “a”", page.text_content("#where"))
    page.focus("role=tab[name='Vanish']")
    page.keyboard.press("Enter")
    page.wait_for_selector("#charts svg")
    nameless = page.eval_on_selector_all(
        "button, select, input, textarea, canvas.heat, svg.chart",
        "all => all.filter(e => !(e.textContent || e.ariaLabel || e.labels?.length)).map(e => e.outerHTML)",
    )
    assert nameless == []


def test_what_it_has_never_seen_is_told_and_the_page_goes_on(page: Any, server: Any) -> None:
    opened(page, server, "run=writer")
    page.fill("#text", "He ß")
    page.wait_for_selector("#message:not([hidden])")
    assert "'ß'" in page.text_content("#message")
    page.fill("#text", "He s")
    read(page, "He s")
    assert page.is_hidden("#message")


def test_a_run_shows_the_views_that_it_has(page: Any, server: Any) -> None:
    opened(page, server, "run=judge", "a bad strong tea")
    page.wait_for_selector("#says .share")
    assert page.text_content("#says h2") == "Of the whole text"
    assert page.locator("nav button").all_text_contents() == ["Read", "Walk", "Touch", "Vanish"]
    page.select_option("#run", "tagger")
    until(page, "document.querySelectorAll('nav button').length === 3")
    assert page.locator("nav button").all_text_contents() == ["Read", "Walk", "Vanish"]
    assert "type a text" in page.text_content("#message")
    page.fill("#text", "Ann likes tea")
    read(page, "Ann likes tea")
    assert told(page, "run") == "tagger"


@pytest.mark.parametrize("view", ["read", "walk", "touch", "vanish"])
def test_a_phone_in_the_dark(page: Any, server: Any, view: str) -> None:
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": 390, "height": 800})
    opened(page, server, f"run=writer&view={view}")
    page.wait_for_selector("#says .share, [data-name=h], #changed .share, #charts svg")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(16, 17, 21)"


def test_ctrl_c_ends_it_and_the_page_says_so(browser: Any, writer: Path) -> None:
    with served(writer) as (process, url):
        page = browser.new_page()
        page.goto(url)
        page.wait_for_selector("#text[data-read]")
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
        page.wait_for_selector("#message:not([hidden])")
        assert "The server has gone" in page.text_content("#message")
        page.close()
        assert process.stderr is not None and process.stderr.read() == ""
