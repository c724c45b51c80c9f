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
