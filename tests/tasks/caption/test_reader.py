"""Pictures with captions out of folders, tables and memory: the same data, however a picture was saved."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from throughtime.data.encoding.pictures import PictureFeatures
from throughtime.data.reading import Problems
from throughtime.data.record import Record, Sequences
from throughtime.data.user_data import user_data
from throughtime.errors import DataError, UsageError
from throughtime.tasks.caption.options import Config
from throughtime.tasks.caption.reader import CaptionReader
from throughtime.tasks.supervised.examples import Prepared
from throughtime.tasks.writing.targets import Right


def save(path: Path, seed: int, size: tuple[int, int] = (6, 4)) -> np.ndarray[Any, Any]:
    """A picture of random colours, (H, W, 3)."""
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3)).astype(np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return pixels


def read(data: Any, notes: list[str] | None = None, valid: Any = None, **options: Any) -> Prepared[Right]:
    said = [] if notes is None else notes
    given = user_data({"data": data, "valid": data if valid is None else valid})
    return CaptionReader(Config.from_mapping(options)).read(given, known=None, note=said.append)


def told(prepared: Prepared[Right]) -> list[tuple[tuple[str, ...], float]]:
    """The captions of each picture, and the sum of its pixels."""
    return [
        (tuple(map(str, record.target.right)), round(float(np.sum(record.content)), 3))  # type: ignore[union-attr]
        for record in prepared.train.records
    ]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three pictures, the first with two captions."""
    for number in range(3):
        save(tmp_path / "data" / f"{number}.png", number)
        captions = [f"a thing {number}", "two things"] if number == 0 else [f"a thing {number}"]
        (tmp_path / "data" / f"{number}.txt").write_text("\n".join(captions) + "\n\n")
    return tmp_path / "data"


def test_folders_tables_and_memory_are_the_same_data(folder: Path) -> None:
    pairs = [("0.png", "a thing 0"), ("1.png", "a thing 1"), ("2.png", "a thing 2"), ("0.png", "two things")]
    (folder.parent / "t.csv").write_text("image,caption\n" + "".join(f"data/{a},{b}\n" for a, b in pairs))
    lines = [{"path": "data/0.png", "captions": ["a thing 0", "two things"]}]
    lines += [{"path": f"data/{number}.png", "captions": [f"a thing {number}"]} for number in (1, 2)]
    (folder.parent / "t.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    arrays = [np.asarray(Image.open(folder / name)) for name, _ in pairs]
    wanted = told(read(folder))
    assert [captions for captions, _ in wanted] == [("a thing 0", "two things"), ("a thing 1",), ("a thing 2",)]
    for data in (
        folder.parent / "t.csv",
        folder.parent / "t.jsonl",
        list(zip(arrays, [caption for _, caption in pairs], strict=True)),
        [{"image": str(folder / name), "caption": caption} for name, caption in pairs],
        (arrays, [caption for _, caption in pairs]),
    ):
        assert told(read(data)) == wanted, data


def test_captions_of_one_picture_are_never_parted(tmp_path: Path) -> None:
    lines = ["file,caption"]
    for number in range(20):
        save(tmp_path / f"{number}.png", number)
        lines += [f"{number}.png,caption {number} {letter}" for letter in "abc"]
    (tmp_path / "t.csv").write_text("\n".join(sorted(lines, reverse=True)).replace("file,caption", "") + "\n")
    text = (tmp_path / "t.csv").read_text().strip().splitlines()
    (tmp_path / "t.csv").write_text("\n".join(["file,caption", *text]) + "\n")
    given = user_data({"data": tmp_path / "t.csv"})
    prepared = CaptionReader(Config()).read(given, known=None, note=lambda _: None)
    parts = [{str(text).split()[1] for record in part.records for text in record.target.right}  # type: ignore[union-attr]
             for part in (prepared.train, prepared.valid)]  # fmt: skip
    assert not parts[0] & parts[1] and len(parts[0] | parts[1]) == 20 and len(parts[1]) == 2
    assert all(len(record.target.right) == 3 for record in prepared.train.records)  # type: ignore[union-attr]


def variants(path: Path) -> dict[str, Any]:
    """One picture as cameras and programs save it: name -> what it should look like, (H, W, 3) from 0 to 1."""
    grey = np.arange(24, dtype=np.uint8).reshape(4, 6) * 10
    colours = np.stack([grey, grey[::-1], grey[:, ::-1]], 2)
    turned = Image.Exif()
    turned[0x0112] = 6
    Image.fromarray(np.rot90(colours).copy()).save(path / "exif.png", exif=turned)
    Image.fromarray(colours).quantize(256).save(path / "palette.png")
    Image.fromarray(np.dstack([colours, np.full((4, 6), 255, np.uint8)])).save(path / "opaque.png")
    half = np.full((4, 6), 255, np.uint8)
    half[:2] = 0
    Image.fromarray(np.dstack([colours, half])).save(path / "alpha.png")
    Image.fromarray(grey).save(path / "grey.png")
    Image.fromarray(grey.astype(np.uint16) * 257).save(path / "deep.png")
    np.save(path / "array.npy", colours)
    on_white = np.where(half[..., None] == 255, colours, 255)
    three = np.repeat(grey[..., None], 3, 2)
    return {
        "exif.png": colours, "palette.png": colours, "opaque.png": colours, "alpha.png": on_white, "grey.png": three,
        "deep.png": three, "array.npy": colours,
    }  # fmt: skip


def test_a_picture_is_the_same_however_it_was_saved_in_training_and_to_predict(tmp_path: Path) -> None:
    wanted = variants(tmp_path)
    for name in wanted:
        (tmp_path / name).with_suffix(".txt").write_text(f"caption {name}\n")
    prepared = read(tmp_path)
    found = {str(record.target.right[0]).split()[1]: record.content for record in prepared.train.records}  # type: ignore[union-attr]
    merged = {"opaque.png": "exif.png", "palette.png": "exif.png", "array.npy": "exif.png", "deep.png": "grey.png"}
    run = tmp_path / "run"
    run.mkdir()
    (run / "inputs.json").write_text(prepared.inputs.to_json())
    reader = CaptionReader(Config())
    for name, pixels in wanted.items():
        there = found.get(name, found.get(merged.get(name, ""), next(iter(found.values()))))
        if name in found:
            assert np.allclose(there, pixels / 255, atol=1e-6), name
        problems = Problems(note=lambda _: None)
        (record,) = reader.read_to_predict(user_data({"data": tmp_path / name}), run, problems)
        assert np.allclose(record.content, pixels / 255, atol=1e-6), name


def test_pictures_are_brought_to_the_size_of_the_first_and_that_is_said_once(tmp_path: Path) -> None:
    for number, size in enumerate([(6, 4), (12, 8), (3, 9), (6, 4)]):
        save(tmp_path / f"{number}.png", number, size)
        (tmp_path / f"{number}.txt").write_text(f"caption {number}\n")
    notes: list[str] = []
    prepared = read(tmp_path, notes)
    assert prepared.inputs.features.to_mapping()["height"] == 4
    assert all(record.content.shape == (4, 6, 3) for record in prepared.train.records)  # type: ignore[union-attr]
    sized = [note for note in notes if "brought to" in note]
    assert sized[0] == f"{tmp_path}/1.png: 12x8 pixels, brought to 6x4 (said once)"
    assert len(sized) == 2, "once for what is learned from, once for what is validated on"
    asked = read(tmp_path, size="5x7")
    assert all(record.content.shape == (7, 5, 3) for record in asked.train.records)  # type: ignore[union-attr]


def test_a_large_picture_is_made_smaller(tmp_path: Path) -> None:
    for number in range(2):
        save(tmp_path / f"{number}.png", number, (400, 300))
        (tmp_path / f"{number}.txt").write_text(f"caption {number}\n")
    notes: list[str] = []
    features = read(tmp_path, notes).inputs.features
    assert isinstance(features, PictureFeatures) and features.shape == (96, 128, 3)
    assert "pictures are read at 128x96 pixels, as the first tells; --size 128x96 says otherwise" in notes


def test_grids_of_features(tmp_path: Path) -> None:
    for number in range(3):
        grid = np.random.default_rng(number).normal(3, 2, (2, 3, 16))
        np.savez(tmp_path / f"{number}.npz", grid=grid)
        (tmp_path / f"{number}.txt").write_text(f"caption {number}\n")
    prepared = read(tmp_path)
    assert [record.content.shape for record in prepared.train.records] == [(2, 3, 16)] * 3  # type: ignore[union-attr]
    assert prepared.inputs.features.to_mapping()["mean"] == pytest.approx([3] * 16, abs=1)
    np.savez(tmp_path / "9.npz", grid=np.zeros((3, 3, 16)))
    (tmp_path / "9.txt").write_text("caption 9\n")
    with pytest.raises(DataError, match=r"9.npz: it is a grid of \(3, 3\) places, and those learned from are \(2, 3\)"):
        read(tmp_path)
    np.savez(tmp_path / "9.npz", features=np.zeros((2, 3, 16)))
    with pytest.raises(DataError, match=r"9.npz: no array 'grid' in it \(arrays there: 'features'\)"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda data: (data / "7.txt").write_text("alone\n"), "7.txt: captions without a picture; put 7.png beside it"),
        (lambda data: (data / "1.txt").unlink(), "1.png: a picture without a caption; write it into 1.txt"),
        (lambda data: (data / "1.txt").write_text(" \n"), "1.png: a picture without a caption: 1.txt is empty"),
        (lambda data: (data / "1.png").write_bytes(b"\x89PNG\r\n"), "1.png: not an image that can be read"),
        (
            lambda data: (data / "a.csv").write_text("a,b\n"),
            "a.csv: neither a picture nor the text of one; it is a tab",
        ),
        (lambda data: (data / "a.md").write_text("a"), "a.md: neither a picture nor the text of one; remove it"),
        (lambda data: save(data / "1.jpg", 8), "has the name of 1.jpg, so whose captions 1.txt holds cannot be told"),
    ],
)
def test_what_a_folder_must_not_hold(spoil: Any, message: str, folder: Path) -> None:
    spoil(folder)
    with pytest.raises(DataError, match=message.replace(".", r"\.")):
        read(folder)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (",a thing", "t.csv: line 5: column 'image' is empty"),
        ("data/0.png,", "t.csv: line 5: column 'caption' is empty"),
        ("data/9.png,a thing", "t.csv: line 5: .*data/9.png: no such file"),
        ("data/0.txt,a thing", "t.csv: line 5: .*data/0.txt: no picture; its name should end in one of"),
    ],
)
def test_what_a_row_must_not_hold(row: str, message: str, folder: Path) -> None:
    good = "".join(f"data/{number}.png,a thing {number}\n" for number in range(3))
    (folder.parent / "t.csv").write_text(f"image,caption\n{good}{row}\n")
    with pytest.raises(DataError, match=message):
        read(folder.parent / "t.csv")
    assert len(read(folder.parent / "t.csv", skip_bad=True).skipped) == 2, "learned from and validated on"


def test_one_picture_is_too_little_to_hold_any_out_and_enough_with_others_to_validate_on(folder: Path) -> None:
    given = user_data({"data": folder / "0.png"})
    with pytest.raises(DataError, match="1 record is too little to hold out"):
        CaptionReader(Config()).read(given, known=None, note=lambda _: None)
    prepared = read(folder / "0.png", valid=folder)
    assert [captions for captions, _ in told(prepared)] == [("a thing 0", "two things")]
    assert len(prepared.valid.records) == 3


def test_a_caption_of_one_word_and_lower_case(folder: Path) -> None:
    (folder / "1.txt").write_text("Fox\n")
    assert ("Fox",) in [captions for captions, _ in told(read(folder))]
    lower = read(folder, lowercase=True)
    assert ("fox",) in [captions for captions, _ in told(lower)]


def test_several_captions_are_all_counted_and_have_room(folder: Path) -> None:
    (folder / "0.txt").write_text("a\n" + " ".join("abcdefghij" * 3) + "\n")
    prepared = read(folder, unit="words")
    counts = [sum(len(caption) for caption in right) for right in prepared.train.targets]
    assert prepared.train.scored == sum(counts) and counts[0] == (1 + 1) + (30 + 1)
    targets: Any = prepared.inputs.targets
    assert targets.most(np.array([1])).tolist()[0] >= 31


def test_pictures_are_not_read_as_text(folder: Path) -> None:
    with pytest.raises(DataError, match="row 1 of the data: so good: no picture"):
        read([("so good", "a"), ("so bad", "b")])
    with pytest.raises(UsageError, match="image_steps"):
        read(folder, image_steps="rows")


def test_a_record_that_is_no_picture_cannot_be_read() -> None:
    features = PictureFeatures(2, 3, [0.0], [1.0])
    assert features.problem(Record("text", None, "")) == "it is no picture"
    wrong = Record(np.zeros((2, 3, 3), np.float32), Sequences(("a",)), "")
    assert features.problem(wrong) == "it has 3 channels, and 1 were learned from"


def test_pictures_are_read_without_torch(folder: Path) -> None:
    script = (
        "import sys\n"
        "from throughtime.data.user_data import user_data\n"
        "from throughtime.tasks.caption.options import Config\n"
        "from throughtime.tasks.caption.reader import CaptionReader\n"
        f"data = user_data({{'data': {str(folder)!r}}})\n"
        "CaptionReader(Config()).read(data, known=None, note=lambda line: None)\n"
        "print({'torch', 'matplotlib', 'scipy', 'sklearn', 'sacrebleu'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.strip() == "set()", done.stderr
