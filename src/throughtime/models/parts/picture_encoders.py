"""What is seen of a picture: features of its places, by convolutions or made elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

__all__ = ["GridEncoder", "PictureEncoder", "halvings"]

GROUPS = 8
"""Groups of channels that are normalised together."""


def halvings(height: int, width: int, most: int) -> int:
    """Say how often a picture is halved until it has few places.

    Args:
        height: its rows of pixels.
        width: its columns.
        most: rows and columns of places, at most.

    Returns:
        The number.

    Example:
        >>> halvings(16, 16, 8), halvings(96, 128, 8), halvings(5, 5, 8)
        (1, 4, 0)
    """
    count, longest = 0, max(height, width)
    while longest > most:
        count, longest = count + 1, -(-longest // 2)
    return count


def _placed(pictures: Tensor) -> Tensor:
    """Put two channels beside those of pictures (B, C, H, W): how far down, and how far to the right, from -1 to 1."""
    batch, _, height, width = pictures.shape
    down, across = (torch.linspace(-1, 1, size, device=pictures.device) for size in (height, width))
    places = torch.stack(torch.meshgrid(down, across, indexing="ij"))
    return torch.cat([pictures, places.to(pictures.dtype).expand(batch, -1, -1, -1)], 1)


class PictureEncoder(nn.Module):
    """A grid of features out of a picture, by convolutions that are learned with all else.

    .. code-block:: text

        x = [(picture - mean) / scale; rows; columns]
        x = relu(norm(conv3x3(x)))           once, then once with stride 2 for each halving, then once more

    Norms are of groups of channels (Wu, He 2018), so that a picture is read alike whatever stands beside it.

    Args:
        mean: (C,) mean of each channel.
        scale: (C,) standard deviation of each.
        size: (height, width) of a picture.
        width: K, features of a place; a multiple of 16.
        most: rows and columns of places, at most.
        dropout: share of the features of a place dropped.

    Source: rows and columns as channels: Liu et al. 2018, "An intriguing failing of convolutional neural networks and
    the CoordConv solution".

    Example:
        >>> encoder = PictureEncoder([0.5], [0.2], (16, 16), width=32)
        >>> encoder.grid, encoder(torch.rand(2, 16, 16, 1)).shape
        ((8, 8), torch.Size([2, 64, 32]))
    """

    def __init__(
        self,
        mean: Sequence[float],
        scale: Sequence[float],
        size: tuple[int, int],
        *,
        width: int = 64,
        most: int = 8,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean), persistent=False)
        self.register_buffer("scale", torch.tensor(scale), persistent=False)
        count = halvings(*size, most)
        widths = [len(mean) + 2, width // 2, *[width] * (count + 1)]
        strides = [1, *[2] * count, 1]
        self.layers = nn.Sequential(*map(_convolution, widths, widths[1:], strides))
        self.dropout = nn.Dropout(dropout)
        rows, columns = size
        for _ in range(count):
            rows, columns = -(-rows // 2), -(-columns // 2)
        self.grid, self.output_size = (rows, columns), width

    mean: Tensor
    scale: Tensor

    def forward(self, pictures: Tensor) -> Tensor:
        """(B, H, W, C), values as they were read -> (B, places, K), row by row."""
        x = ((pictures - self.mean) / self.scale).permute(0, 3, 1, 2)
        return self.dropout(self.layers(_placed(x)).flatten(2).transpose(1, 2))


def _convolution(inputs: int, outputs: int, stride: int) -> nn.Module:
    convolution = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
    return nn.Sequential(convolution, nn.GroupNorm(GROUPS, outputs), nn.ReLU())


class GridEncoder(nn.Module):
    """A grid of features that were made elsewhere, brought to one scale and to fewer features.

    .. code-block:: text

        x = relu(W [(grid - mean) / scale; row; column] + b)        of each place

    Args:
        mean: (F,) mean of each feature.
        scale: (F,) standard deviation of each.
        size: (rows, columns) of a grid.
        width: K, features of a place.
        dropout: share of them dropped.
    """

    def __init__(
        self, mean: Sequence[float], scale: Sequence[float], size: tuple[int, int], *, width: int, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean), persistent=False)
        self.register_buffer("scale", torch.tensor(scale), persistent=False)
        self.layer = nn.Linear(len(mean) + 2, width)
        self.dropout = nn.Dropout(dropout)
        self.grid, self.output_size = size, width

    mean: Tensor
    scale: Tensor

    def forward(self, pictures: Tensor) -> Tensor:
        """(B, rows, columns, F) -> (B, places, K), row by row."""
        x = _placed(((pictures - self.mean) / self.scale).permute(0, 3, 1, 2)).flatten(2).transpose(1, 2)
        return self.dropout(torch.relu(self.layer(x)))
