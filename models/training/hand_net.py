"""The network that tells handwriting from print: a line in, the chance of either out.

Input is n × 1 × 32 × width (``edge.ocr.network_io``), output n × 2: printed, by hand.
"""

from pathlib import Path

import torch
from torch import nn

from edge.ocr.network_io import HEIGHT_PX

_WIDTHS = (24, 48, 80, 112)


class HandNet(nn.Module):
    """A third of a millisecond for a line of 400 px."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        inputs = 1
        for outputs in _WIDTHS:
            layers += [
                nn.Conv2d(inputs, outputs, 3, stride=2, padding=1, bias=False),
                nn.BatchNorm2d(outputs),
                nn.ReLU(inplace=True),
            ]
            inputs = outputs
        layers += [nn.Conv2d(inputs, inputs, (2, 5), padding=(0, 2)), nn.ReLU(inplace=True)]
        self.look = nn.Sequential(*layers)
        self.drop = nn.Dropout(0.2)
        self.judge = nn.Linear(2 * inputs, 2)

    def forward(self, lines: torch.Tensor) -> torch.Tensor:
        """Scores (before the softmax)."""
        seen = self.look(lines).squeeze(2)
        told = torch.cat([seen.mean(dim=2), seen.amax(dim=2)], dim=1)
        scores: torch.Tensor = self.judge(self.drop(told))
        return scores


class _Answering(nn.Module):
    def __init__(self, net: HandNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, lines: torch.Tensor) -> torch.Tensor:
        return self.net(lines).softmax(-1)


def export(net: HandNet, path: Path) -> None:
    """Write the network as ONNX (opset 17)."""
    net.eval()
    torch.onnx.export(
        _Answering(net), (torch.zeros(1, 1, HEIGHT_PX, 128),), str(path),
        dynamo=False, opset_version=17, input_names=["lines"], output_names=["chances"],
        dynamic_axes={"lines": {0: "n", 3: "width"}, "chances": {0: "n"}},
    )  # fmt: skip
