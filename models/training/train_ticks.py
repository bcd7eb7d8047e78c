"""Teach the network that looks at tick boxes.

``python -m models.training.train_ticks FOLDER OUT.pt`` learns from ``FOLDER/learn-*.npz``
(``tick_samples``), tells on ``FOLDER/held-*.npz`` what it takes for what, and ships it. Stopped, it
goes on after the last epoch that was finished.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from edge.inference.tick_network import LABELS, NAME, SHAPE
from edge.reading import tickpatch
from edge.reading.readers import Patch
from models.training.release import release
from models.training.tick_net import TickNet, export

_BATCH, _RATE, _WARM = 32, 2e-3, 0.15
_OF_OTHERS = 0.35  # of the invented boxes an epoch: our own forms are what mostly comes
_SMOOTH = 0.01
_ACROSS, _DOWN, _SHIFTED = 0.1, 0.04, 0.6
_TRAINED_ON = (
    "{count} boxes of drawn and invented forms, marked by drawn pens and scanned by program"
)


class Drawn:
    """Samples of several files, as tensors in half precision: 30 kB each."""

    def __init__(self, files: list[Path]) -> None:
        tensors, said, kinds, ours = [], [], [], []
        for file in files:
            with np.load(file) as stored:
                pairs = zip(stored["pictures"], stored["plans"], strict=True)
                patches = [Patch(picture, plan) for picture, plan in pairs]
                said.append(stored["said"])
                kinds.append(stored["kinds"])
                ours.append(stored["ours"])
            for start in range(0, len(patches), 500):
                part = tickpatch.tensor(patches[start : start + 500])
                tensors.append(part.astype(np.float16))
        self.tensors = torch.from_numpy(np.concatenate(tensors))
        self.said, self.kinds = np.concatenate(said), np.concatenate(kinds)
        self.ours = np.concatenate(ours)

    def __len__(self) -> int:
        return len(self.said)

    def epoch(self, rng: np.random.Generator) -> NDArray[np.int64]:
        """What is learned from in one go: boxes of our forms, and some of the others."""
        chosen = self.ours | (rng.random(len(self)) < _OF_OTHERS)
        return np.asarray(rng.permutation(np.flatnonzero(chosen)), np.int64)

    def batch(self, chosen: NDArray[np.int64]) -> torch.Tensor:
        """Some samples, laid out as convolutions are quickest with."""
        some = self.tensors[torch.from_numpy(chosen)].float()
        return some.contiguous(memory_format=torch.channels_last)


def _turned(patches: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    """Seen a pixel beside; few printed the other way round, across or down."""
    if rng.random() < _SHIFTED:
        by = (int(rng.integers(-1, 2)), int(rng.integers(-1, 2)))
        patches[:, :2] = patches[:, :2].roll(by, (2, 3))
    across = torch.from_numpy(rng.random(len(patches)) < _ACROSS)
    patches[across] = patches[across].flip(3)
    down = torch.from_numpy(rng.random(len(patches)) < _DOWN)
    patches[down] = patches[down].flip(2)
    return patches


def learn(drawn: Drawn, kept: Path, epochs: int, seed: int, start_from: Path | None) -> TickNet:
    """Train, an epoch a time; what was finished before is not done again."""
    torch.manual_seed(seed)
    net = TickNet()
    if start_from is not None:
        net.load_state_dict(torch.load(start_from, weights_only=True)["net"])
    net.to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(net.parameters(), _RATE, weight_decay=0.02)
    steps = int((drawn.ours.sum() + _OF_OTHERS * (~drawn.ours).sum()) * 0.98) // _BATCH
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, _RATE, total_steps=steps * epochs, pct_start=_WARM
    )
    start = 0
    if kept.exists():
        state = torch.load(kept, weights_only=True)
        net.load_state_dict(state["net"])
        optimiser.load_state_dict(state["optimiser"])
        schedule.load_state_dict(state["schedule"])
        start = int(state["epoch"])
    loss = nn.CrossEntropyLoss(label_smoothing=_SMOOTH)
    said = torch.from_numpy(drawn.said)
    for epoch in range(start, epochs):
        net.train()
        rng = np.random.default_rng(seed * 1000 + epoch)
        order = drawn.epoch(rng)
        total = 0.0
        for step in range(steps):
            chosen = order[step * _BATCH : (step + 1) * _BATCH]
            found = loss(net(_turned(drawn.batch(chosen), rng)), said[chosen])
            optimiser.zero_grad()
            found.backward()
            optimiser.step()
            schedule.step()
            total += found.item()
            if step % 100 == 0:
                print(f"step {step} of {steps}, loss {found.item():.4f}", flush=True)
        print(f"epoch {epoch + 1} of {epochs}, loss {total / steps:.4f}", flush=True)
        state = {
            "net": net.state_dict(), "optimiser": optimiser.state_dict(),
            "schedule": schedule.state_dict(), "epoch": epoch + 1,
        }  # fmt: skip
        torch.save(state, kept)
    net.eval()
    return net


def chances(net: TickNet, drawn: Drawn) -> NDArray[np.float32]:
    """What it says of samples."""
    made = []
    with torch.no_grad():
        for start in range(0, len(drawn), 500):
            chosen = np.arange(start, min(len(drawn), start + 500))
            made.append(net(drawn.batch(chosen)).softmax(-1).numpy())
    return np.concatenate(made)


def told(drawn: Drawn, found: NDArray[np.float32], level: float) -> str:
    """A line a kind: of how many it says what when it is so sure."""
    lines = [f"at {level}: kind, said, count: empty, ticked, left open"]
    answers = np.where(found.max(axis=1) >= level, found.argmax(axis=1), len(LABELS) - 1)
    for kind in sorted(set(drawn.kinds)):
        for said in range(len(LABELS)):
            chosen = (drawn.kinds == kind) & (drawn.said == said)
            if chosen.any():
                counts = np.bincount(answers[chosen], minlength=len(LABELS))
                told_counts = ", ".join(map(str, counts))
                lines.append(f"{kind:16} {LABELS[said]:9} {chosen.sum():6}: {told_counts}")
    return "\n".join(lines)


def main() -> None:
    """Learn, measure, ship."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("kept", type=Path)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--start-from", type=Path, help="what another training kept")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    drawn = Drawn(sorted(options.folder.glob("learn-*.npz")))
    net = learn(drawn, options.kept, options.epochs, options.seed, options.start_from)
    held = Drawn(sorted(options.folder.glob("held-*.npz")))
    found = chances(net, held)
    for level in (0.9, 0.97, 0.99):
        print(told(held, found, level))
    path = options.kept.with_suffix(".onnx")
    export(net, path)
    release(path.read_bytes(), NAME, SHAPE, LABELS, _TRAINED_ON.format(count=f"{len(drawn):,}"))


if __name__ == "__main__":
    main()
