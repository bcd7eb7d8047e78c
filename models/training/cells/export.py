"""Ship the cell network: ``python -m models.training.cells.export CHECKPOINT SHARDS``.

Finds the temperature that makes its probabilities true on cells drawn for calibration, writes
``models/onnx/cells.onnx`` and its entry in the manifest.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import torch
from torch.nn import functional

from edge.inference.readers import CELL_NETWORK
from edge.ocr.network_io import SIDE_PX
from models.training.cells.corpus import LABELS
from models.training.cells.train import export, scores_of, shard, started
from models.training.release import release

_TRAINED_ON = (
    "200,000 cells drawn with 4,000 real handwritten digits and Debian fonts, scanned by program"
)


def temperature(scores: torch.Tensor, labels: torch.Tensor) -> float:
    """The divisor of the logits under which these labels are likeliest."""
    steps = torch.linspace(0.5, 2.5, 81)
    losses = [float(functional.cross_entropy(scores / t, labels)) for t in steps]
    return float(steps[losses.index(min(losses))])


def main() -> int:
    """Calibrate and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("shards", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    net = started(options.checkpoint, 1e-3).average
    pictures, labels, _ = shard(options.shards / "calibrate-1.npz")
    found = temperature(scores_of(net, pictures), torch.from_numpy(labels))
    net.temperature.fill_(found)
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "cells.onnx"
        export(net, str(made))
        data = made.read_bytes()
    file = release(data, CELL_NETWORK, (1, SIDE_PX, SIDE_PX), (*LABELS, "junk"), _TRAINED_ON)
    print(f"temperature {found:.3f}, {file.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
