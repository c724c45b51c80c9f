"""Files read one by one must go together: one sampling rate, one width; what is changed is said once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from small_media import arrays, image, sound
from small_readers import refusal

from throughtime.data.formats.file_loader import FileLoader, kind_of, unknown
from throughtime.data.reading import Reading
from throughtime.errors import DataError


def array(path: Path, *shape: int) -> Path:
    np.save(path, np.ones(shape, np.float32))
    return path


def loader(how: Reading | None = None, **more: int) -> FileLoader:
    return FileLoader(how or Reading(), pytest.fail, **more)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.txt.gz", "text"),
        ("a.Txt.gz", "text"),
        ("a.FA", "sequence"),
        ("a.wav", "sound"),
        ("a.wav.gz", None),
        ("a.npz", "array"),
        ("a.npy", "array"),
        ("a.npy.xz", None),
        ("a.JPEG", "image"),
        ("a", None),
        (".wav", None),
    ],
)
def test_the_end_of_the_name_tells_the_kind(name: str, kind: str | None) -> None:
    assert kind_of(Path(name)) == kind


def test_each_kind_becomes_what_it_holds(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("one\ntwo €\n".encode("cp1252"))
    load = loader(Reading(encoding="cp1252", mel_bands=4))
    assert load(tmp_path / "a.txt") == "one\ntwo €"
    found = load(sound(tmp_path / "a.wav"))
    assert isinstance(found, np.ndarray) and found.shape[1] == 4
    assert np.array_equal(load(array(tmp_path / "a.npy", 2, 4)), np.ones((2, 4)))
    assert np.allclose(load(image(tmp_path / "a.png", width=4)), np.full((3, 4), 0.2))
    (tmp_path / "clip").mkdir()
    for number in range(2):
        image(tmp_path / "clip" / f"{number}.png", width=2, height=2)
    assert np.allclose(load(tmp_path / "clip"), np.full((2, 4), 0.2))
    assert load.kinds == {"text", "sound", "array", "image", "clip"}


def test_sounds_must_have_one_rate(tmp_path: Path) -> None:
    load = loader()
    assert load.rate is None
    load(sound(tmp_path / "a.wav", rate=8000))
    load(sound(tmp_path / "b.wav", rate=8000))
    assert load.rate == 8000
    message = refusal(load, sound(tmp_path / "c.wav", rate=16000))
    assert message.startswith(f"{tmp_path / 'c.wav'}: 16000 samples a second, {tmp_path / 'a.wav'} has 8000")
    assert message.endswith("bring all sounds to one rate with --resample 8000")
    assert load.rate == 8000, "the first one's rate stays"


def test_sounds_are_brought_to_one_rate_where_that_is_asked_for(tmp_path: Path) -> None:
    notes: list[str] = []
    load = FileLoader(Reading(resample=8000), notes.append, rate=8000)
    high, low, fits = (
        sound(tmp_path / name, rate=rate) for name, rate in (("a.wav", 16000), ("b.wav", 4000), ("c.wav", 8000))
    )
    assert [len(load(path)) for path in (high, high, low, fits)] == [1, 1, 9, 4]  # type: ignore[arg-type]
    assert load.rate == 8000
    assert [note.removesuffix(" (said once; the same for files after it)") for note in notes] == [
        f"{high} has 16000 samples a second; it is resampled to 8000: frequencies above 4000 Hz are gone",
        f"{low} has 4000 samples a second; it is resampled to 8000: it has none above 2000 Hz",
    ]
    with pytest.raises(DataError, match=r"the data that was learned from has 16000; .* --resample 16000"):
        FileLoader(Reading(resample=8000), notes.append, rate=16000)(fits)


def test_a_rate_that_was_learned_holds_for_the_first_file_too(tmp_path: Path) -> None:
    load = loader(rate=16000)
    load(sound(tmp_path / "a.wav", rate=16000))
    with pytest.raises(DataError, match="8000 samples a second, the data that was learned from has 16000"):
        load(sound(tmp_path / "b.wav", rate=8000))


def test_steps_must_have_one_width_across_kinds(tmp_path: Path) -> None:
    load = loader(Reading(mel_bands=5))
    load(array(tmp_path / "a.npy", 9, 5))
    load(array(tmp_path / "b.npy", 1, 5))
    load(sound(tmp_path / "a.wav"))
    with pytest.raises(DataError, match=r"c\.npy: 4 features a step, .*a\.npy has 5"):
        load(array(tmp_path / "c.npy", 9, 4))
    with pytest.raises(DataError, match=r"4 features a step, the data that was learned from has 5"):
        loader(width=5)(tmp_path / "c.npy")


@pytest.mark.parametrize(("colour", "steps"), [(False, "rows"), (True, "rows"), (False, "pixels")])
def test_images_of_another_width_are_told_in_pixels(tmp_path: Path, colour: bool, steps: str) -> None:
    load = loader(Reading(colour=colour, image_steps=steps))  # type: ignore[arg-type]
    load(image(tmp_path / "a.png", width=4))
    load(image(tmp_path / "b.png", width=4, height=9))
    other = image(tmp_path / "c.png", width=6)
    if steps == "pixels":
        assert load(other).shape == (18, 1)  # type: ignore[union-attr]
        return
    with pytest.raises(DataError, match=r"c\.png: 6 pixels wide, .*a\.png is 4; .*--image-steps pixels"):
        load(other)


def test_one_note_for_all_files_of_a_sort(tmp_path: Path) -> None:
    notes: list[str] = []
    load = FileLoader(Reading(), notes.append)
    for name in ("a.wav", "b.wav"):
        load(sound(tmp_path / name, channels=2))
    load(sound(tmp_path / "c.wav", channels=3))
    assert len(notes) == 2
    assert notes[0].startswith(f"{tmp_path / 'a.wav'} has 2 channels") and "said once" in notes[0]
    assert notes[1].startswith(f"{tmp_path / 'c.wav'} has 3 channels")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.txt", " \n\t", "nothing but white space"),
        ("a.fasta", ">x\nACGT\n", "holds many sequences; give the file itself as data"),
        ("a.md", "text", "a name that ends in '.md' does not tell what it holds"),
        ("a.wav", "text", "not a sound file"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(tmp_path: Path, name: str, content: str, message: str) -> None:
    (tmp_path / name).write_text(content)
    assert message in refusal(loader(), tmp_path / name, first=True)


def test_files_that_a_table_names(tmp_path: Path) -> None:
    load = loader()
    assert np.shape(load(arrays(tmp_path / "a.npz", frames=np.ones((4, 2))))) == (4, 2)
    assert np.shape(load(image(tmp_path / "clip" / "1.png", width=1, height=2).parent)) == (1, 2)
    for path, words in {
        tmp_path / "no.wav": "no such file",
        tmp_path / "no.txt": "no such file",
        tmp_path / "a.fa": "holds many sequences",
        tmp_path / "a.xyz": "does not tell what it holds",
        image(tmp_path / "b.png", width=9): "9 pixels wide",
    }.items():
        assert words in refusal(load, path)


def test_the_known_names_are_listed() -> None:
    assert all(suffix in unknown(Path("a.doc")) for suffix in ("'.doc'", ".txt", ".wav", ".png", ".npz", ".fasta"))
