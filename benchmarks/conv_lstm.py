"""Moving digits: the next frames, by a ConvLSTM, by a fully connected LSTM, and by repeating the last frame seen.

python benchmarks/conv_lstm.py [--batches 1000] [--seed 0]: two handwritten digits (scikit-learn's) move over 16 x 16
pixels and bounce off the edges. A network sees five frames and says the next five; both networks learn from the same
clips, drawn as they go, and are judged on 500 clips of digits held out. After Shi et al. 2015, "Convolutional LSTM
network: a machine learning approach for precipitation nowcasting", section 4.1: there 64 x 64 pixels and ten frames.
Goal: the ConvLSTM's error is the smallest, with fewer parameters than the fully connected network.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

import throughtime as tt
from throughtime.data.demos.digits import divided_digits

SIDE, DIGIT, SEEN, NEXT, BATCH, TESTED = 16, 8, 5, 5, 16, 500


def clips(images: NDArray[np.uint8], count: int, random: np.random.Generator) -> Tensor:
    """(T, N, 1, 16, 16) in 0 to 1: two digits each, where both are the brighter one is seen."""
    frames = np.zeros((SEEN + NEXT, count, 1, SIDE, SIDE), np.float32)
    room, rows = SIDE - DIGIT, np.arange(count)[:, None, None]
    inside = np.arange(DIGIT)
    for digits in random.choice(images, (2, count)):
        place, speed = random.integers(0, room + 1, (2, count)), random.choice([-1, 1], (2, count))
        for frame in frames[:, :, 0]:
            y, x = (axis[:, None] + inside for axis in place)
            at = rows, y[:, :, None], x[:, None, :]
            frame[at] = np.maximum(frame[at], digits / 255)
            speed = np.where((place + speed < 0) | (place + speed > room), -speed, speed)
            place = place + speed
    return torch.from_numpy(frames)


class Forecaster(nn.Module):
    """At each step says the next frame, as logits of its pixels; past the frames seen it reads what it said itself."""

    def __init__(self, recurrent: nn.Module, output: nn.Module, flat: bool) -> None:
        super().__init__()
        self.recurrent, self.output, self.flat = recurrent, output, flat

    def read(self, frames: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        y, state = self.recurrent(frames.flatten(2) if self.flat else frames, state)
        return self.output(y.flatten(0, 1)).view(frames.shape), state

    def forward(self, seen: Tensor) -> Tensor:
        logits, state = self.read(seen)
        said = [logits]
        while len(said) < NEXT:
            logits, state = self.read(torch.sigmoid(said[-1][-1:]), state)
            said.append(logits)
        return torch.cat(said)


def networks(seed: int) -> dict[str, tuple[Forecaster, float]]:
    """Each with its rate of learning: the better for it of 0.003 and 0.01."""
    torch.manual_seed(seed)
    channels, units, pixels = 24, 256, SIDE * SIDE
    pictures = tt.ConvLSTM(1, channels, SIDE, 3, num_layers=2, init="forget_bias")
    flat = tt.LSTM(pixels, units, num_layers=2, init="forget_bias")
    return {
        "ConvLSTM": (Forecaster(pictures, nn.Conv2d(channels, 1, 1), False), 0.01),
        "fully connected LSTM": (Forecaster(flat, nn.Linear(units, pixels), True), 0.003),
    }


def train(model: Forecaster, rate: float, images: NDArray[np.uint8], batches: int, seed: int) -> float:
    """Seconds of processor time, with the clips drawn."""
    random, began = np.random.default_rng(seed), time.process_time()
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    decay = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, batches)
    for _ in range(batches):
        frames = clips(images, BATCH, random)
        loss = functional.binary_cross_entropy_with_logits(model(frames[:SEEN]), frames[1:])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        decay.step()
    return time.process_time() - began


def error(said: Tensor, frames: Tensor) -> list[float]:
    """For each next frame, the squared error summed over its pixels, averaged over clips."""
    return (said - frames[SEEN:]).square().sum((2, 3, 4)).mean(1).tolist()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batches", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    learned, held_out, images, _ = divided_digits(given.seed)
    tested = clips(images[held_out], TESTED, np.random.default_rng(given.seed + 1))
    print(f"{'squared error of next frame':28} " + " ".join(f"{k + 1:>6}" for k in range(NEXT)) + "   mean")

    def show(name: str, errors: list[float], told: str) -> None:
        print(f"{name:28} " + " ".join(f"{each:6.2f}" for each in [*errors, sum(errors) / NEXT]) + told, flush=True)

    show("repeating the last frame", error(tested[SEEN - 1].expand(NEXT, *tested.shape[1:]), tested), "")
    for name, (model, rate) in networks(given.seed).items():
        seconds = train(model, rate, images[learned], given.batches, given.seed)
        with torch.no_grad():
            said = torch.sigmoid(model.eval()(tested[:SEEN])[SEEN - 1 :])
        count = sum(parameter.numel() for parameter in model.parameters())
        show(name, error(said, tested), f"   {count:,} parameters, {given.batches:,} batches, {seconds:.0f} s")


if __name__ == "__main__":
    main()
