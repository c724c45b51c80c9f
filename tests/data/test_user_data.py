"""What is handed over has a role, and each role is files or data in memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from throughtime.data.user_data import Given, UserData, given_as, user_data
from throughtime.errors import UsageError


def test_what_is_handed_over_is_files_or_memory() -> None:
    assert given_as("data", None, None, "text") is None
    assert given_as("data", ["a", "b"]) == Given((Path("a"), Path("b")))
    assert given_as("data", None, "hello", "text") == Given(memory="hello")
    with pytest.raises(UsageError, match=r"data .*or text .*not both"):
        given_as("data", "a", "b", "text")
    with pytest.raises(UsageError, match="data is an empty list"):
        given_as("data", [])


def test_roles_to_validate_on_are_those_to_learn_from_under_their_own_names() -> None:
    given = {"source": "a.en", "target": ["a.de", "b.de"], "valid_source": "c.en", "valid": "d", "data": None}
    data = user_data(given)
    assert set(data) == {"source", "target", "valid_source", "valid"} and "data" not in data
    assert dict(data.training()) == {"source": data["source"], "target": data["target"]}
    assert dict(data.validation()) == {"source": data["valid_source"], "data": data["valid"]}
    assert data["target"].to_json() == [str(Path(name).resolve()) for name in ("a.de", "b.de")]
    assert not user_data({"data": None})


def test_newer_data_takes_the_place_of_older_role_by_role() -> None:
    old, new = user_data({"data": "a", "valid": "b"}), user_data({"data": "c"})
    assert old.updated(new) == user_data({"data": "c", "valid": "b"})
    assert old["data"] == Given((Path("a"),)), "the old is as it was"


def test_data_in_memory_has_its_own_name_at_the_door() -> None:
    data = user_data({"data": None, "valid": "v.txt"}, {"data": ("text", "hello")})
    assert data == UserData({"data": Given(memory="hello"), "valid": Given((Path("v.txt"),))})
    assert data["data"].to_json() is None
    with pytest.raises(UsageError, match=r"give valid \(files\) or valid_text \(in memory\), not both"):
        user_data({"valid": "v.txt"}, {"valid": ("valid_text", "x")})


@pytest.mark.parametrize("text", ["It was the best of times, " * 100, "two\nlines", "a\rb"])
def test_a_text_is_no_path_and_is_not_echoed_whole(text: str, tmp_path: Path) -> None:
    for given in (text, [text], [Path("a.txt"), text]):
        with pytest.raises(UsageError) as caught:
            given_as("data", given, None, "text")
        said = str(caught.value)
        assert said.startswith(f"data is a text of {len(text):,} characters, '") and "\n" not in said
        assert len(said) < 200 and "save it in a file" in said
    there = tmp_path / "odd\nname"
    there.write_text("a")
    assert given_as("data", str(there)) == Given((there,)), "a file that is there is one, whatever its name"
    assert given_as("data", "deep/" * 100 + "file") is not None


def test_iterators_are_made_lists_to_be_gone_through_twice() -> None:
    data = user_data({"data": iter(["a", 1]), "valid": "v.txt", "source": {"text": ["a"]}}).in_hand()
    assert data["data"] == Given(memory=["a", 1]) and data["valid"] == Given((Path("v.txt"),))
    assert data["source"] == Given(memory={"text": ["a"]})
