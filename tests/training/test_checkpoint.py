"""Files are whole or not there; damaged ones are named and left alone; captured training goes on the same."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from throughtime.errors import CheckpointError, TrainingError
from throughtime.training.checkpoint import (
    Checkpoint,
    Position,
    capture,
    load_weights,
    read_checkpoint,
    restore,
    save_weights,
    weights_of,
    write_checkpoint,
)
from throughtime.training.files import read_json, write_json, write_text, writing

CPU = torch.device("cpu")


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    write_text(path, "old")
    write_text(path, "neu ü\n")
    assert path.read_bytes() == "neu ü\n".encode()
    assert os.listdir(tmp_path) == ["file.txt"]


def test_a_failed_write_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    write_text(path, "old")
    with (
        pytest.raises(TrainingError, match=r"cannot write .*file.txt: No space left.*untouched"),
        writing(path) as beside,
    ):
        beside.write_text("half")
        raise OSError(28, "No space left on device")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["file.txt"]


def test_a_place_that_cannot_be_written_is_said_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="No such file or directory") as caught:
        write_json(tmp_path / "no" / "file.json", {})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff", b""])
def test_damaged_json_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "config.json"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"config.json is damaged"):
        read_json(path)
    assert path.read_bytes() == content
    with pytest.raises(CheckpointError, match="missing"):
        read_json(tmp_path / "other.json")


class Tied(nn.Module):
    def __init__(self, size: int = 3) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(size, size), nn.Linear(size, size)
        self.b.weight = self.a.weight
        self.register_buffer("seen", torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        return self.b(torch.dropout(self.a(x).tanh(), 0.5, self.training))


def test_weights_come_back_and_shared_ones_are_kept_once(tmp_path: Path) -> None:
    first, second = Tied(), Tied()
    assert set(weights_of(first)) == {"a.weight", "a.bias", "b.bias", "seen"}
    save_weights(tmp_path / "m.safetensors", first)
    load_weights(tmp_path / "m.safetensors", second)
    assert second.b.weight is second.a.weight
    for name, tensor in weights_of(first).items():
        assert torch.equal(tensor, weights_of(second)[name])


def test_files_can_be_read_by_whom_the_folder_allows(tmp_path: Path) -> None:
    save_weights(tmp_path / "m.safetensors", Tied())
    (tmp_path / "plain").touch()
    assert (tmp_path / "m.safetensors").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_weights_of_another_network_are_refused_and_nothing_is_copied(tmp_path: Path) -> None:
    save_weights(tmp_path / "m.safetensors", Tied(4))
    net = Tied(3)
    before = {name: tensor.clone() for name, tensor in weights_of(net).items()}
    with pytest.raises(CheckpointError, match=r"m.safetensors is of another network: .* \(4"):
        load_weights(tmp_path / "m.safetensors", net)
    assert all(torch.equal(before[name], tensor) for name, tensor in weights_of(net).items())
    save_weights(tmp_path / "m.safetensors", nn.Linear(3, 3))
    with pytest.raises(CheckpointError, match=r"missing|not known"):
        load_weights(tmp_path / "m.safetensors", net)


@pytest.mark.parametrize("damage", ["truncated", "header", "empty", "text", "gone"])
def test_a_damaged_file_is_named_and_left_alone(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "trainer.safetensors"
    write_checkpoint(path, Checkpoint({"a": torch.zeros(100)}, Position()))
    whole = path.read_bytes()
    damaged = {
        "truncated": whole[:-50],
        "header": b"\xff" * 8 + whole[8:],
        "empty": b"",
        "text": b"this is no safetensors file at all",
    }
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(damaged[damage])
    with pytest.raises(CheckpointError) as caught:
        read_checkpoint(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)
    assert damage == "gone" or path.read_bytes() == damaged[damage]


def test_another_safetensors_file_is_no_checkpoint(tmp_path: Path) -> None:
    save_weights(tmp_path / "m.safetensors", nn.Linear(2, 2))
    with pytest.raises(CheckpointError, match="not a checkpoint"):
        read_checkpoint(tmp_path / "m.safetensors")


def test_a_checkpoint_comes_back_whole_with_a_readable_copy(tmp_path: Path) -> None:
    path = tmp_path / "trainer.safetensors"
    position = Position(step=3, tokens=12, seconds=0.1 + 0.2, best={"bits": 1 / 3}, stale=2, content_key="k")
    write_checkpoint(path, Checkpoint({"x": torch.arange(3)}, position))
    read = read_checkpoint(path)
    assert read.position == position
    assert torch.equal(read.tensors["x"], torch.arange(3))
    assert json.loads((tmp_path / "trainer.json").read_text())["best"] == {"bits": 1 / 3}


def test_captured_training_goes_on_the_same(tmp_path: Path) -> None:
    def start() -> tuple[Tied, torch.optim.Optimizer]:
        net = Tied()
        return net, torch.optim.AdamW(net.parameters(), fused=True)

    def steps(net: Tied, optimizer: torch.optim.Optimizer, count: int) -> None:
        for _ in range(count):
            optimizer.zero_grad()
            net(torch.rand(4, 3)).square().sum().backward()
            optimizer.step()

    with torch.random.fork_rng():
        torch.manual_seed(0)
        net, optimizer = start()
        steps(net, optimizer, 3)
        tensors = {
            name: tensor.clone()
            for name, tensor in capture(net, optimizer, (torch.ones(2), torch.ones(2)[:1]), CPU).items()
        }
        steps(net, optimizer, 3)

        other, other_optimizer = start()
        write_checkpoint(tmp_path / "t.safetensors", Checkpoint(tensors, Position()))
        read = read_checkpoint(tmp_path / "t.safetensors").tensors
        state = restore(tmp_path / "t.safetensors", read, other, other_optimizer, CPU)
        steps(other, other_optimizer, 3)
    assert [part.tolist() for part in state] == [[1, 1], [1]]
    for name, tensor in weights_of(net).items():
        assert torch.equal(tensor, weights_of(other)[name]), name


def test_a_checkpoint_from_another_kind_of_device_is_refused() -> None:
    net = nn.Linear(2, 2)
    optimizer = torch.optim.AdamW(net.parameters())
    tensors = {**capture(net, optimizer, (), CPU), "generator/cuda": torch.zeros(4, dtype=torch.uint8)}
    with pytest.raises(CheckpointError, match="another kind of device"):
        restore(Path("t.safetensors"), tensors, net, optimizer, CPU)
