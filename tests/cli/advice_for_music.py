"""What ``fit generate``, ``evaluate`` and ``generate`` refuse or tell of music with an option named."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from advice_case import TEXT, Case

from throughtime.data.music.notes import Note
from throughtime.data.music.tune import Tune

FIT = "fit generate m --out run"
FRAMES = f"{FIT} --unit frames"
WORDS = "fit generate a.txt --out run"
LABELLED = "fit generate t.csv --condition by --out run"


def tune(n: int = 0, pitch: int = 60) -> Tune:
    return Tune(tuple(Note(step / 2, step / 2 + 0.5, pitch + (n + step) % 7) for step in range(8)))


def tunes(*more: Callable[[], object]) -> None:
    """A folder of tunes, a table of them with labels, a text, and what else is asked for."""
    Path("m").mkdir()
    for n in range(12):
        tune(n).save(f"m/{n}.mid")
    Path("t.csv").write_text("title,by\n" + "".join(f"m/{n}.mid,{'ab'[n % 2]}\n" for n in range(12)))
    Path("u.csv").write_text("title,who\n" + "".join(f"m/{n}.mid,{'ab'[n % 2]}\n" for n in range(12)))
    Path("f.csv").write_text(Path("t.csv").read_text().replace("title", "tune"))
    Path("a.txt").write_text(TEXT)
    for make in more:
        make()


def cut(path: str) -> None:
    Path(path).write_bytes(tune().midi()[:-9])


high = partial(tune(pitch=110).save, "m/high.mid")
primer = partial(tune(pitch=80).save, "p.mid")
of_tunes = partial(Case, tunes)

FITTING: dict[str, Case] = {
    "as events": of_tunes(FIT, "(--unit frames is the other way)", reads=12, told=True),
    "as frames": of_tunes(FRAMES, "(--unit events is the other way)", reads=12, told=True),
    "a text unit": of_tunes(f"{FIT} --unit words", "give --unit events or --unit frames, or leave it out", reads=12,
                            without="--unit words"),
    "a music unit": of_tunes("fit generate a.txt --out run --unit events", "leave --unit out", reads=1720,
                             without="--unit events"),
    "a bad tune": Case(partial(tunes, partial(cut, "m/5.mid")), FIT, "m/5.mid: is no whole MIDI file: a track is cut",
                       "--skip-bad", 11),
    "a tune too high": Case(partial(tunes, high), FRAMES, "beyond the keys of frames, A0 to C8 (--skip-bad",
                            "--skip-bad", 12),
    "one note": Case(lambda: Tune((Note(0.0, 0.5, 60),)).save("n.mid"), "fit generate n.mid --out run",
                     "one tune of 1 notes is too little to hold out a part; give --valid", "--valid n.mid", 2),
    "steps of events": of_tunes(f"{FIT} --unit events --steps-per-beat 2", "--steps-per-beat is for the unit frames",
                                reads=12, without="--steps-per-beat 2"),
    "names of tunes": of_tunes("fit generate f.csv --condition by --out run", "say which with --text-column",
                               "--text-column tune", 12),
    "keys of text": of_tunes("fit generate a.txt --out run --transpose 2", "--transpose is for music", reads=1720,
                             without="--transpose 2"),
    "documents of music": of_tunes(f"{FIT} --separator x", "--separator is for texts", reads=12,
                                   without="--separator x"),
    "an encoding of music": of_tunes(f"{FIT} --encoding latin-1", "--encoding is for texts", reads=12,
                                     without="--encoding latin-1"),
    "frames tied": of_tunes(f"{FRAMES} --tied", "--tied is for units that are one token", reads=12, without="--tied"),
    "labels to start from": of_tunes("fit generate m --out new --init-from run",
                                     "writes tunes for labels: name their column with --condition", before=LABELLED),
    "no labels to start from": of_tunes("fit generate t.csv --condition by --out new --init-from run",
                                        "from no labels; leave --condition out", before=FIT),
}  # fmt: skip

USING: dict[str, Case] = {
    "other names of labels": of_tunes("evaluate run u.csv", "choose one with --condition", "--condition who", 12,
                                      before=LABELLED),
    "labels of no run": of_tunes("evaluate run t.csv --condition by", "from no labels; leave --condition out",
                                 before=FIT),
    "no label of a tune": of_tunes("generate run --out o.mid", "choose one with --condition: a, b", "--condition a",
                                   before=LABELLED),
    "a primer too high": Case(partial(tunes, primer), "generate run --primer p.mid --out o.mid",
                              "--primer p.mid: the pitch G#5 (80) is beyond the range that was learned, C4 to F#4",
                              before=FIT, without="--primer p.mid"),
    "a share of keys": of_tunes("generate run --out o.mid --top-p 0.9", "--top-p is for one token at a time",
                                before=FRAMES, without="--top-p 0.9"),
    "a prompt of music": of_tunes("generate run --out o.mid --prompt C", "go on from a tune with --primer tune.mid",
                                  before=FIT, without="--prompt C"),
    "several tunes": of_tunes("generate run --out o.mid --count 3", "leave --count out", before=FIT,
                              without="--count 3"),
    "a picture of text": of_tunes("generate run --plot p.svg", "--plot is for music", before=WORDS,
                                  without="--plot p.svg"),
    "a primer of text": of_tunes("generate run --primer m/0.mid", "--primer is for music",
                                 before=WORDS, without="--primer m/0.mid"),
}  # fmt: skip
