"""The cell network, 28 × 28 pixels to the probabilities of ten digits, A, B and junk; its training.

``python -m models.training.cells.train SHARDS CHECKPOINT``: SHARDS is a folder of ``learn-*.npz``
and ``measure-*.npz`` (models/training/cells/corpus.py). CHECKPOINT is written after each epoch;
when it exists, training goes on from there. The learning rate falls over the minutes given, on any
machine.
"""

import argparse
import math
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from models.training.cells.corpus import LABELS

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


_BATCH = 128
_AVERAGE = 0.999  # of the weights, step by step: what is measured and shipped
_SEED = 3


@dataclass(slots=True)
class State:
    """All that a checkpoint holds."""

    net: CellNet
    average: CellNet
    optimiser: torch.optim.Optimizer
    epoch: int = 0

    def save(self, path: Path) -> None:
        """Write the checkpoint; a stop in between leaves the former one."""
        fresh = path.with_suffix(".new")
        torch.save(
            {
                "net": self.net.state_dict(),
                "average": self.average.state_dict(),
                "optimiser": self.optimiser.state_dict(),
                "epoch": self.epoch,
            },
            fresh,
        )
        fresh.replace(path)


def started(checkpoint: Path, rate: float) -> State:
    """A fresh state, or the checkpoint's."""
    torch.manual_seed(_SEED)
    net = CellNet().to(memory_format=torch.channels_last)
    average = CellNet()
    average.load_state_dict(net.state_dict())
    state = State(net, average, torch.optim.AdamW(net.parameters(), lr=rate, weight_decay=0.01))
    if checkpoint.is_file():
        held = torch.load(checkpoint, weights_only=True)
        net.load_state_dict(held["net"])
        average.load_state_dict(held["average"])
        state.optimiser.load_state_dict(held["optimiser"])
        state.epoch = held["epoch"]
    return state


def shard(path: Path) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.uint8]]:
    """Pictures, labels and flags of one shard."""
    with np.load(path) as stored:
        return stored["pictures"], stored["labels"], stored["flags"]


def batches(folder: Path, epoch: int, cells: int) -> Iterator[tuple[Tensor, Tensor]]:
    """``cells`` cells of the shards there are, mixed, moved a little; seeded by the epoch."""
    parts = [shard(path) for path in sorted(folder.glob("learn-*.npz"))]
    pictures = np.concatenate([part[0] for part in parts])
    labels = np.concatenate([part[1] for part in parts])
    generator = torch.Generator().manual_seed(1000 * _SEED + epoch)
    order = torch.randperm(len(labels), generator=generator)[:cells].numpy()
    for start in range(0, len(order) - _BATCH + 1, _BATCH):
        chosen = order[start : start + _BATCH]
        batch = torch.from_numpy(pictures[chosen]).float().unsqueeze(1) / 255
        yield moved(batch, generator), torch.from_numpy(labels[chosen])


def learn(state: State, folder: Path, cells: int, done: Callable[[], float], rate: float) -> float:
    """One epoch of ``cells`` cells; ``done`` tells which share of the time is over.

    Returns:
        The mean loss.
    """
    state.net.train()
    losses = []
    for pictures, labels in batches(folder, state.epoch, cells):
        for group in state.optimiser.param_groups:
            group["lr"] = rate * (0.5 * (1 + math.cos(math.pi * min(1.0, done()))) + 0.004)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            scores = state.net(pictures.to(memory_format=torch.channels_last))
        loss = functional.cross_entropy(scores.float(), labels, label_smoothing=0.01)
        state.optimiser.zero_grad()
        loss.backward()
        state.optimiser.step()
        losses.append(loss.item())
        _follow(state)
    state.epoch += 1
    return float(np.mean(losses))


def _follow(state: State) -> None:
    """Average the weights; not those of the first epoch, which are soon far behind."""
    if state.epoch == 0:
        state.average.load_state_dict(state.net.state_dict())
        return
    with torch.no_grad():
        fresh = state.net.state_dict()
        for name, held in state.average.state_dict().items():
            if held.dtype.is_floating_point and "running" not in name:
                held.lerp_(fresh[name], 1 - _AVERAGE)
            else:
                held.copy_(fresh[name])


def scores_of(net: CellNet, pictures: NDArray[np.uint8]) -> Tensor:
    """Logits of all pictures, in fp32."""
    net.eval()
    with torch.no_grad():
        parts = [
            net(torch.from_numpy(pictures[i : i + 1024]).float().unsqueeze(1) / 255)
            for i in range(0, len(pictures), 1024)
        ]
    return torch.cat(parts)


def measured(net: CellNet, folder: Path) -> str:
    """How many of the measuring cells are right: typed and written, grey and thresholded."""
    pictures, labels, flags = shard(folder / "measure-1.npz")
    right = scores_of(net, pictures).argmax(1).numpy() == labels
    is_character = labels < 12
    words = [f"all {right.mean():.4f}", f"junk {right[~is_character].mean():.4f}"]
    for written, name in ((0, "typed"), (1, "written")):
        for bitonal, kind in ((0, "grey"), (1, "bw")):
            chosen = is_character & (flags[:, 0] == written) & (flags[:, 1] == bitonal)
            words.append(f"{name} {kind} {right[chosen].mean():.4f}")
    return ", ".join(words)


def main() -> int:
    """Train, measure, export."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("shards", type=Path)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--minutes", type=float, default=45.0)
    parser.add_argument("--cells", type=int, default=60_000, help="an epoch")
    parser.add_argument("--rate", type=float, default=2e-3)
    options = parser.parse_args()
    torch.set_num_threads(1)
    state = started(options.checkpoint, options.rate)
    began = time.monotonic()

    def done() -> float:
        return (time.monotonic() - began) / (60 * float(options.minutes))

    while done() < 1:
        loss = learn(state, options.shards, options.cells, done, options.rate)
        state.save(options.checkpoint)
        told = measured(state.average, options.shards)
        print(f"{done():.0%} epoch {state.epoch}, loss {loss:.4f}, {told}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
