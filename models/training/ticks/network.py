"""The network that looks at tick boxes: a patch in, the chances of empty, ticked, doubtful out.

Input is n × 4 × 64 × 80 (``edge.extraction.ticks``), output n × 3. Where in the window ink lies
decides, so that the last layer sees every place by itself.
"""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import nn

from edge.inference.readers import SHAPE, TICK_LABELS

_WIDTHS = (16, 32, 48, 64, 64)
_STRIDES = (2, 2, 2, 1, 2)
_KERNELS = (5, 3, 3, 3, 3)
_PLACES = 20  # 4 × 5 after the last stride
_NARROW, _HIDDEN = 24, 64


class TickNet(nn.Module):
    """A quarter of a millisecond a box."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        inputs = SHAPE[0]
        for outputs, stride, kernel in zip(_WIDTHS, _STRIDES, _KERNELS, strict=True):
            layers += [
                nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
                nn.BatchNorm2d(outputs),
                nn.ReLU(inplace=True),
            ]
            inputs = outputs
        layers += [nn.Conv2d(inputs, _NARROW, 1), nn.ReLU(inplace=True)]
        self.look = nn.Sequential(*layers)
        self.drop = nn.Dropout(0.2)
        self.judge = nn.Sequential(
            nn.Linear(_NARROW * _PLACES + inputs, _HIDDEN),
            nn.ReLU(inplace=True),
            nn.Linear(_HIDDEN, len(TICK_LABELS)),
        )

    def forward(self, patches: torch.Tensor) -> torch.Tensor:
        """Scores (before the softmax)."""
        wide = self.look[:-2](patches)
        placed = self.look[-2:](wide).flatten(1)
        scores: torch.Tensor = self.judge(self.drop(torch.cat([placed, wide.amax((2, 3))], dim=1)))
        return scores


class Several(nn.Module):
    """The mean of what several say: n × 3 chances. Where one errs alone, it is less sure."""

    def __init__(self, nets: Sequence[TickNet]) -> None:
        super().__init__()
        self.nets = nn.ModuleList(nets)

    def forward(self, patches: torch.Tensor) -> torch.Tensor:
        """Chances."""
        return torch.stack([net(patches).softmax(-1) for net in self.nets]).mean(0)


def export(nets: Sequence[TickNet], path: Path) -> None:
    """Write networks as one ONNX (opset 17), in floats: the same on every processor."""
    torch.onnx.export(
        Several(nets).eval(), (torch.zeros(1, *SHAPE),), str(path),
        dynamo=False, opset_version=17, input_names=["patches"], output_names=["chances"],
        dynamic_axes={"patches": {0: "n"}, "chances": {0: "n"}},
    )  # fmt: skip
