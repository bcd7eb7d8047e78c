"""The page network: a thumbnail in; a unit vector and a score for each quarter turn out.

Small on purpose: about 200 million multiplications, a few milliseconds a page and core. Words in a title decide
between sister forms, so one branch keeps what was seen anywhere (greatest and mean response);
where things stand decides between forms of the same words, so another keeps a coarse grid.
"""

from typing import Any

import torch
from torch import nn

LENGTH = 128  # of the unit vector
_WIDTHS = (32, 48, 96, 160)
_GRID_WIDTH = 24


def _conv(inputs: int, outputs: int, stride: int = 1, size: int = 3) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class _Residual(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.inner = nn.Sequential(_conv(width, width), _conv(width, width))

    def forward(self, x: Any) -> Any:
        return x + self.inner(x)


class PageNet(nn.Module):
    """count × 1 × 384 × 272 (ink 1, paper 0) to count × (LENGTH + 4)."""

    def __init__(self) -> None:
        super().__init__()
        first, second, third, last = _WIDTHS
        self.body = nn.Sequential(
            nn.PixelUnshuffle(2),
            _conv(4, first, 2),
            _conv(first, second, 2),
            _Residual(second),
            _conv(second, third, 2),
            _Residual(third),
            _conv(third, last, 2),
        )
        self.places = _conv(last, _GRID_WIDTH, size=1)
        self.grid = nn.AvgPool2d((2, 2), ceil_mode=True)  # 12 × 9 to 6 × 5
        cells = 6 * 5 * _GRID_WIDTH
        self.embed = nn.Linear(2 * last + cells, LENGTH)
        self.turns = nn.Linear(2 * last + cells, 4)

    def forward(self, x: Any) -> Any:
        """The unit vector, then the scores of 0, 90, 180 and 270 degrees."""
        seen = self.body(x)
        most = seen.amax(dim=(2, 3))
        mean = seen.mean(dim=(2, 3))
        where = self.grid(self.places(seen)).flatten(1)
        gathered = torch.cat([most, mean, where], dim=1).float()
        unit = nn.functional.normalize(self.embed(gathered), dim=1)
        return torch.cat([unit, self.turns(gathered)], dim=1)
