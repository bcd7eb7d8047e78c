"""The cell network: 28 × 28 pixels to the probabilities of ten digits, A, B and junk."""

from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.training.cells import LABELS

CLASSES = len(LABELS) + 1


def _block(inputs: int, outputs: int, side: int = 3, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, side, stride, side // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
    )


class CellNet(nn.Module):
    """Five convolutions, 0.13 M weights, 7 M multiplications a cell."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            _block(1, 32, side=5, stride=2),
            _block(32, 48),
            _block(48, 64, stride=2),
            _block(64, 64),
            _block(64, 64, stride=2),
        )
        self.drop = nn.Dropout(0.2)
        self.head = nn.Linear(64 * 16, CLASSES)
        self.temperature = nn.Parameter(torch.ones(1), requires_grad=False)

    def forward(self, pictures: Tensor) -> Tensor:
        """Logits, count × ``CLASSES``, for pictures of count × 1 × 28 × 28, 0 paper to 1 ink."""
        found = self.features(pictures).flatten(1)
        return cast(Tensor, self.head(self.drop(found)))


class Exported(nn.Module):
    """What is shipped: probabilities, with the temperature that calibration found."""

    def __init__(self, net: CellNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, pictures: Tensor) -> Tensor:
        """Probabilities, count × ``CLASSES``."""
        return torch.softmax(self.net(pictures) / self.net.temperature, dim=1)


def moved(pictures: Tensor, generator: torch.Generator) -> Tensor:
    """Turn, shear, scale and shift each picture a little, and change its contrast."""
    count = len(pictures)

    def normal(scale: float) -> Tensor:
        return torch.randn(count, generator=generator) * scale

    turn, shear = normal(0.07), normal(0.08)
    wide, tall = 1 + normal(0.06), 1 + normal(0.06)
    row0 = torch.stack([torch.cos(turn) * wide, torch.sin(turn) + shear, normal(0.06)], 1)
    row1 = torch.stack([-torch.sin(turn), torch.cos(turn) * tall, normal(0.06)], 1)
    grid = functional.affine_grid(
        torch.stack([row0, row1], 1), list(pictures.shape), align_corners=False
    )
    made = functional.grid_sample(pictures, grid, align_corners=False)
    gamma = torch.exp(normal(0.25)).view(-1, 1, 1, 1)
    return made.clamp(1e-4, 1) ** gamma


def export(net: CellNet, path: str) -> None:
    """Write the network as ONNX: input ``pictures``, output ``probabilities``, any batch."""
    arguments: dict[str, Any] = {
        "input_names": ["pictures"],
        "output_names": ["probabilities"],
        "dynamic_axes": {"pictures": {0: "count"}, "probabilities": {0: "count"}},
        "opset_version": 17,
        "dynamo": False,
    }
    torch.onnx.export(Exported(net).eval(), (torch.zeros(2, 1, 28, 28),), path, **arguments)
