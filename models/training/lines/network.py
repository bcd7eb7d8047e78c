"""The line reader's network: convolutions that keep the width's quarter, one LSTM both ways.

Input is n × 1 × 32 × width (``edge.ocr.network_io``), output n × width / 4 × characters + 1,
the CTC blank first, as probabilities.
"""

from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import nn

from edge.ocr.engine import CHARSET
from edge.ocr.network_io import HEIGHT_PX

CHARACTERS = CHARSET + " "
_WIDTHS = (16, 32, 80, 128)
_JOINED, _MEMORY = 192, 128


class LineNet(nn.Module):
    """0.65 M weights; 4.5 ms of one core for a line of 700 px."""

    def __init__(self) -> None:
        super().__init__()
        a, b, c, d = _WIDTHS
        self.look = nn.Sequential(
            *_layer(1, a, stride=2),
            *_layer(a, b),
            *_layer(b, b, stride=2),
            *_layer(b, c),
            *_layer(c, c, stride=(2, 1)),
            *_layer(c, d),
            nn.Conv2d(d, _JOINED, (HEIGHT_PX // 8, 1), bias=False),
            nn.BatchNorm2d(_JOINED),
            nn.ReLU(),
        )
        self.drop = nn.Dropout(0.1)
        self.remember = nn.LSTM(_JOINED, _MEMORY, bidirectional=True, batch_first=True)
        self.name = nn.Linear(2 * _MEMORY, len(CHARACTERS) + 1)

    def forward(self, lines: torch.Tensor) -> torch.Tensor:
        """Scores (before the softmax) for each step."""
        seen = self.look(lines).squeeze(2).transpose(1, 2)
        remembered, _ = self.remember(self.drop(seen))
        scores: torch.Tensor = self.name(remembered)
        return scores


def _layer(inputs: int, outputs: int, stride: int | tuple[int, int] = 1) -> list[nn.Module]:
    return [
        nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    ]


class _Answering(nn.Module):
    def __init__(self, net: LineNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, lines: torch.Tensor) -> torch.Tensor:
        return self.net(lines).softmax(-1)


def load_weights(path: Path) -> LineNet:
    """A network with the weights of an ``.npz``, stored in half precision."""
    with np.load(path) as stored:
        state = {name: torch.from_numpy(stored[name].astype(np.float32)) for name in stored.files}
    net = LineNet()
    net.load_state_dict(state)
    return net


def export(net: LineNet, path: Path) -> None:
    """Write the network as ONNX (opset 17) with its characters in the metadata."""
    net.eval()
    torch.onnx.export(
        _Answering(net), (torch.zeros(1, 1, HEIGHT_PX, 128),), str(path),
        dynamo=False, opset_version=17, input_names=["lines"], output_names=["steps"],
        dynamic_axes={"lines": {0: "n", 3: "width"}, "steps": {0: "n", 1: "step"}},
    )  # fmt: skip
    model = onnx.load(str(path))
    entry = model.metadata_props.add()
    entry.key, entry.value = "characters", CHARACTERS
    onnx.save(model, str(path))


def encode(text: str) -> list[int]:
    """Indexes of a text's characters among the outputs; unknown characters are left out."""
    return [CHARACTERS.index(char) + 1 for char in text if char in CHARACTERS]


def decode(best: NDArray[np.int64]) -> str:
    """The text of a best path (indexes, one a step)."""
    kept = np.flatnonzero(np.diff(best, prepend=0))
    return "".join(CHARACTERS[i - 1] for i in best[kept] if i)
