"""The page network: a thumbnail in; a unit vector and a score for each quarter turn out.

Oriented strokes are gathered in cells of the page, at two scales, each cell weighed against the
ink around it; one linear layer turns them into the vector, another into the scores. The strokes
are fixed, the layers are solved in closed form (``models.training.pages.train``): minutes of one
core suffice. It tells where things stand, not what is written: forms, not words.
"""

import math
from typing import Any

import numpy as np
import torch
from torch import nn

LENGTH = 128  # of the unit vector
_ORIENTATIONS = 8
_SIZE = 7
_EVEN = 0.02  # a cell weaker than this share of ink counts little


def strokes() -> Any:
    """Edge and line filters at eight orientations: 16 × 1 × 7 × 7, each of mean 0 and length 1."""
    reach = np.arange(_SIZE) - _SIZE // 2
    y, x = np.meshgrid(reach, reach, indexing="ij")
    made = []
    for number in range(_ORIENTATIONS):
        angle = math.pi * number / _ORIENTATIONS
        across = x * math.cos(angle) + y * math.sin(angle)
        window = np.exp(-(x**2 + y**2) / 6.0)
        for wave in (np.sin(across * 1.3), np.cos(across * 1.3)):
            one = window * wave
            one -= window * one.sum() / window.sum()
            made.append(one / np.linalg.norm(one))
    return torch.tensor(np.stack(made)[:, None], dtype=torch.float32)


class Gathered(nn.Module):
    """count × 1 × 384 × 272 (ink 1, paper 0) to count × ``WIDTH`` numbers of what stands where."""

    WIDTH = 16 * (15 * 10 + 7 * 5)

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("filters", strokes())
        self.fine = nn.AvgPool2d((18, 18), (12, 12))
        self.coarse = nn.AvgPool2d((18, 18), (12, 12))
        self.smaller = nn.AvgPool2d(2)

    def forward(self, page: Any) -> Any:
        """Cells of both scales, flat."""
        near = self._cells(page, self.fine)
        far = self._cells(self.smaller(page), self.coarse)
        return torch.cat([near.flatten(1), far.flatten(1)], dim=1)

    def _cells(self, page: Any, pool: nn.AvgPool2d) -> Any:
        found = nn.functional.conv2d(page, self.filters, stride=2, padding=_SIZE // 2).abs()
        cells = pool(found)
        whole = cells.mean(dim=(1, 2, 3), keepdim=True)
        around = cells.mean(dim=1, keepdim=True)
        return torch.sqrt(cells / (around + 0.5 * whole + _EVEN / 10))


class PageNet(nn.Module):
    """What is gathered, centred, then the two layers: count × (LENGTH + 4)."""

    def __init__(self, middle: Any, embed: Any, turns: Any, bias: Any) -> None:
        super().__init__()
        self.gathered = Gathered()
        self.register_buffer("middle", torch.as_tensor(middle, dtype=torch.float32))
        self.register_buffer("embed", torch.as_tensor(embed, dtype=torch.float32))
        self.register_buffer("turns", torch.as_tensor(turns, dtype=torch.float32))
        self.register_buffer("bias", torch.as_tensor(bias, dtype=torch.float32))

    def forward(self, page: Any) -> Any:
        """The unit vector, then the scores of 0, 90, 180 and 270 degrees."""
        seen = self.gathered(page) - self.middle
        unit = nn.functional.normalize(seen @ self.embed, dim=1)
        return torch.cat([unit, seen @ self.turns + self.bias], dim=1)
