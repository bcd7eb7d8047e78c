"""Ship the cell network: ``python -m models.training.export_cells CHECKPOINT SHARDS``.

Finds the temperature that makes its probabilities true on cells drawn for calibration, writes
``models/onnx/cells.onnx`` and its entry in the manifest.
"""

import argparse
import hashlib
import sys
from pathlib import Path

import torch
from torch.nn import functional

from edge.reading.piece import SIDE_PX
from models.training.cell_net import export
from models.training.cells import LABELS
from models.training.train_cells import scores_of, shard, started

_ONNX = Path(__file__).parents[1] / "onnx"
_TRAINED_ON = (
    "200,000 cells drawn with 4,000 real handwritten digits and Debian fonts, scanned by program"
)


def temperature(scores: torch.Tensor, labels: torch.Tensor) -> float:
    """The divisor of the logits under which these labels are likeliest."""
    steps = torch.linspace(0.5, 2.5, 81)
    losses = [float(functional.cross_entropy(scores / t, labels)) for t in steps]
    return float(steps[losses.index(min(losses))])


def manifest(file: Path) -> str:
    """The manifest with this network in it."""
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    labels = ", ".join(f'"{label}"' for label in (*LABELS, "junk"))
    return (
        "# The product's own networks; edge/inference/networks.py holds each file to its entry.\n"
        "[[networks]]\n"
        'name = "cells"\n'
        f'file = "{file.name}"\n'
        f'sha256 = "{digest}"\n'
        f"input_shape = [1, {SIDE_PX}, {SIDE_PX}]\n"
        f"labels = [{labels}]\n"
        f'trained_on = "{_TRAINED_ON}"\n'
    )


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
    _ONNX.mkdir(exist_ok=True)
    file = _ONNX / "cells.onnx"
    export(net, str(file))
    (_ONNX / "manifest.toml").write_text(manifest(file), "utf-8")
    print(f"temperature {found:.3f}, {file.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
