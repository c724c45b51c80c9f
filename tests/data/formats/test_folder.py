"""Folders of examples become records in a fixed order; what does not go together is refused with both files named."""

from __future__ import annotations

import gzip
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from small_media import arrays, image, sound
from small_readers import refusal

from throughtime.data.formats.file_loader import FileLoader
from throughtime.data.formats.folder import read_folder
from throughtime.data.reading import Problems, Reading
from throughtime.data.record import Record
from throughtime.errors import DataError

WHOLE = Reading()
STEPS = Reading(per_step=True)


def texts(root: Path, **files: str) -> None:
    for name, content in files.items():
        path = root / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)


def read(path: Path, how: Reading = WHOLE, *, targets: bool = True) -> tuple[list[Record], list[str]]:
    notes: list[str] = []
    records = list(read_folder(path, how, Problems(note=notes.append), targets=targets))
    return records, [note.removeprefix(f"{path}: ") for note in notes]


def skipped(path: Path, how: Reading = WHOLE, *, targets: bool = True) -> tuple[list[object], list[str]]:
    problems = Problems(skip=True, note=lambda _: None)
    records = list(read_folder(path, how, problems, targets=targets))
    return [record.original for record in records], [each.removeprefix(f"{path}/") for each in problems.skipped]


refused = partial(refusal, read)


def summary(records: list[Record]) -> list[tuple[object, ...]]:
    return [(record.original, record.target) for record in records]


def test_a_folder_for_each_class(tmp_path: Path) -> None:
    texts(tmp_path, good__10_txt="Fine.\n", good__9_txt="Good.\n\n", bad__x_txt="two\nlines")
    records, notes = read(tmp_path)
    assert summary(records) == [("bad/x.txt", "bad"), ("good/9.txt", "good"), ("good/10.txt", "good")]
    assert [record.content for record in records] == ["two\nlines", "Good.\n", "Fine."]
    assert records[0].place == str(tmp_path / "bad" / "x.txt")
    assert notes == ["3 texts in 2 classes"]


def test_without_targets_any_folder_will_do(tmp_path: Path) -> None:
    texts(tmp_path, b_txt="b", a__a_txt="a", a__deep__c_txt="c")
    records, notes = read(tmp_path, targets=False)
    assert summary(records) == [("a/a.txt", None), ("a/deep/c.txt", None), ("b.txt", None)] and not notes
    assert summary(read(tmp_path / "b.txt", targets=False)[0]) == [("b.txt", None)]


def test_packed_texts_and_one_note_for_all(tmp_path: Path) -> None:
    for name in ("1.txt.gz", "2.txt.gz"):
        (tmp_path / "a").mkdir(exist_ok=True)
        (tmp_path / "a" / name).write_bytes(gzip.compress(b"one\r\ntwo\r\n"))
    records, notes = read(tmp_path, targets=False)
    assert [record.content for record in records] == ["one\ntwo"] * 2
    assert len(notes) == 1 and "Windows line ends" in notes[0] and "said once" in notes[0]


@pytest.mark.parametrize(("target_type", "targets"), [("number", [2.0, 10.0]), ("labels", [("2",), ("10",)])])
def test_names_of_folders_as_other_targets(tmp_path: Path, target_type: str, targets: list[object]) -> None:
    texts(tmp_path, **{"2__a_txt": "a", "10__b_txt": "b"})
    how = Reading(target_type=target_type)  # type: ignore[arg-type]
    assert [record.target for record in read(tmp_path, how)[0]] == targets
    if target_type == "number":
        texts(tmp_path, high__c_txt="c")
        assert "'high' is not a number" in refused(tmp_path, how)


def test_images_and_sounds(tmp_path: Path) -> None:
    image(tmp_path / "images" / "cat" / "1.png")
    image(tmp_path / "images" / "cat" / "2.PNG", height=9)
    records, notes = read(tmp_path / "images")
    assert [np.shape(record.content) for record in records] == [(3, 2), (9, 2)] and notes == ["2 images in 1 classes"]
    sound(tmp_path / "sounds" / "one" / "1.wav", channels=2)
    sound(tmp_path / "sounds" / "two" / "1.flac", channels=2)
    records, notes = read(tmp_path / "sounds")
    assert [np.shape(record.content) for record in records] == [(4, 40)] * 2
    assert len(notes) == 2 and "has 2 channels; their mean is taken (said once" in notes[1]


def test_arrays_by_folder_or_with_a_label_inside(tmp_path: Path) -> None:
    arrays(tmp_path / "by" / "walk" / "a.npz", frames=np.ones((4, 2)))
    arrays(tmp_path / "by" / "run" / "a.npz", clips=np.ones((2, 4, 2)))
    assert summary(read(tmp_path / "by")[0]) == [
        ("run/a.npz[0]", "run"),
        ("run/a.npz[1]", "run"),
        ("walk/a.npz", "walk"),
    ]
    arrays(tmp_path / "in" / "a.npz", frames=np.ones((4, 2)), label="sit")
    assert summary(read(tmp_path / "in")[0]) == [("a.npz", "sit")]
    assert summary(read(tmp_path / "in" / "a.npz")[0]) == [("a.npz", "sit")]


def test_fasta_files_give_their_names(tmp_path: Path) -> None:
    texts(tmp_path, human_fa=">a one\nACGT\n>b\nGGG\n", mouse_fna=">c\nTTT\n")
    assert summary(read(tmp_path)[0]) == [("human.fa#a", "human"), ("human.fa#b", "human"), ("mouse.fna#c", "mouse")]


def test_clips_of_frames(tmp_path: Path) -> None:
    for clip, count in (("run/c1", 2), ("run/c2", 3), ("walk/c1", 1)):
        for number in range(count):
            image(tmp_path / clip / f"{number}.png", shade=number)
    for targets in (True, False):
        records, _ = read(tmp_path, targets=targets)
        assert [record.original for record in records] == ["run/c1", "run/c2", "walk/c1"]
        assert [np.shape(record.content) for record in records] == [(2, 6), (3, 6), (1, 6)]


def test_a_label_for_each_step(tmp_path: Path) -> None:
    image(tmp_path / "clips" / "c2" / "1.png")
    image(tmp_path / "clips" / "more" / "c1" / "1.png")
    for clip in ("c2", "more/c1"):
        (tmp_path / "clips" / clip / "labels.txt").write_text(f"label of {clip}\n")
    assert summary(read(tmp_path / "clips", STEPS)[0]) == [
        ("c2", ("label of c2",)),
        ("more/c1", ("label of more/c1",)),
    ]
    arrays(tmp_path / "arrays" / "b.npz", frames=np.ones((2, 3)), labels=["x", "y"])
    assert summary(read(tmp_path / "arrays", STEPS)[0]) == [("b.npz", ("x", "y"))]
    texts(tmp_path / "texts", a_txt="a")
    assert "no label for each step" in refused(tmp_path / "texts", STEPS)


def test_hidden_files_are_left_out_and_it_says_so(tmp_path: Path) -> None:
    texts(tmp_path, a__x_txt="x", __MACOSX__x="", b__Thumbs_db="")
    (tmp_path / ".DS_Store").write_text("")
    (tmp_path / "__MACOSX").mkdir()
    _, notes = read(tmp_path)
    assert f"{tmp_path / 'b'} is empty; it is left out" in notes
    assert "3 hidden files or folders are left out, such as .DS_Store" in notes


def test_what_does_not_go_together(tmp_path: Path) -> None:
    one, other = image(tmp_path / "i" / "a" / "1.png"), image(tmp_path / "i" / "a" / "2.png", width=5)
    assert refused(tmp_path / "i") == (
        f"{other}: 5 pixels wide, {one} is 2; make all images equally wide, "
        "or take pixels as steps (--image-steps pixels)"
    )
    assert len(read(tmp_path / "i", Reading(image_steps="pixels"))[0]) == 2
    one, other = sound(tmp_path / "s" / "a" / "1.wav"), sound(tmp_path / "s" / "b" / "2.wav", rate=16000)
    assert refused(tmp_path / "s") == (
        f"{other}: 16000 samples a second, {one} has 8000; bring all sounds to one rate with --resample 8000"
    )
    one = arrays(tmp_path / "n" / "a" / "1.npz", frames=np.ones((4, 2)))
    other = arrays(tmp_path / "n" / "a" / "2.npz", clips=np.ones((1, 4, 3)))
    assert refused(tmp_path / "n") == f"{other}: clip 0: 3 features a step, {one} has 2; all must have as many"


def test_two_folders_go_together_through_one_loader(tmp_path: Path) -> None:
    sound(tmp_path / "train" / "a" / "1.wav")
    sound(tmp_path / "valid" / "a" / "1.wav", rate=16000)
    load = FileLoader(WHOLE, print)
    assert load.rate is None
    assert len(list(read_folder(tmp_path / "train", WHOLE, Problems(), targets=False, load=load))) == 1
    assert load.rate == 8000
    for loader in (load, FileLoader(WHOLE, print, rate=8000)):
        with pytest.raises(DataError, match=r"16000 samples a second, .* has 8000"):
            list(read_folder(tmp_path / "valid", WHOLE, Problems(), targets=False, load=loader))


def test_kinds_are_not_mixed(tmp_path: Path) -> None:
    image(tmp_path / "a" / "1.png")
    texts(tmp_path, a__2_txt="two")
    assert f"{tmp_path}: holds several kinds of files, image (1.png) and text (2.txt)" in refused(tmp_path)


def test_bad_files_do_not_take_the_others_with_them(tmp_path: Path) -> None:
    for number in (1, 3, 5):
        image(tmp_path / "a" / f"{number}.png", width=7 if number == 3 else 2)
    (tmp_path / "a" / "2.png").write_bytes(b"broken")
    texts(tmp_path, a__notes_md="")
    image(tmp_path / "stray.png")
    good, bad = skipped(tmp_path)
    assert good == ["a/1.png", "a/5.png"]
    assert [message.partition(": ")[0] for message in bad] == ["a/notes.md", "stray.png", "a/2.png", "a/3.png"]
    assert "a name that ends in '.md' does not tell what it holds (known: " in bad[0]
    assert "move it into a folder that has its label as name" in bad[1]
    assert bad[2].startswith("a/2.png: not an image that can be read")


def test_texts_that_cannot_be_read(tmp_path: Path) -> None:
    texts(tmp_path, a__1_txt="", a__2_txt=" \n ", a__3_txt="fine", a__5_txt="fine")
    (tmp_path / "a" / "4.txt").write_bytes(b"caf\xe9")
    good, bad = skipped(tmp_path)
    assert good == ["a/3.txt", "a/5.txt"]
    assert [message.split(";")[0] for message in bad[:2]] == ["a/1.txt: is empty", "a/2.txt: nothing but white space"]
    assert bad[2].startswith("a/4.txt: line 1, byte offset 3") and "--encoding" in bad[2]


def test_folders_that_do_not_do(tmp_path: Path) -> None:
    assert "no such file or folder" in refused(tmp_path / "no")
    assert "nothing to read" in refused(tmp_path)
    texts(tmp_path, train__good__1_txt="a", test__good__1_txt="b", file_md="")
    (tmp_path / "file.md").unlink()
    parts = f"give {tmp_path / 'train'} as data, and --valid {tmp_path / 'test'}"
    assert f"folders test, train are no classes; {parts}" in refused(tmp_path)
    assert summary(read(tmp_path / "train")[0]) == [("good/1.txt", "good")]
    assert "one text has no label: give a folder with a folder for each" in refused(tmp_path / "train/good/1.txt")
    texts(tmp_path, file_md="")
    assert "ends in '.md'" in refused(tmp_path / "file.md", targets=False)


def test_a_link_that_leads_round_in_circles(tmp_path: Path) -> None:
    texts(tmp_path, a__1_txt="one")
    (tmp_path / "a" / "round").symlink_to(tmp_path)
    good, bad = skipped(tmp_path)
    assert good == ["a/1.txt"] and bad == ["a/round: a link to a folder that it lies in; remove it"]


def test_what_lies_beside_the_classes_is_left_out(tmp_path: Path) -> None:
    texts(tmp_path, good__1_txt="a", bad__1_txt="b")
    for name in ("README.md", "LICENSE", "labels.csv"):
        (tmp_path / name).write_text("x")
    records, notes = read(tmp_path)
    assert summary(records) == [("bad/1.txt", "bad"), ("good/1.txt", "good")]
    assert sum("is no example; it is left out" in note for note in notes) == 3
    (tmp_path / "good" / "2.csv").write_text("x")
    assert "2.csv: a table, or words in columns, which is no single example" in refused(tmp_path)


def test_one_folder_around_the_classes_is_named(tmp_path: Path) -> None:
    texts(tmp_path, data__good__1_txt="a", data__bad__1_txt="b")
    assert f"all lies in its one folder data; give {tmp_path / 'data'}, whose folders are" in refused(tmp_path)
    assert len(read(tmp_path / "data")[0]) == 2
