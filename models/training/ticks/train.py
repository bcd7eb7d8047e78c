"""Teach the network that looks at tick boxes.

``python -m models.training.ticks.train FOLDER OUT.pt`` learns from ``FOLDER/learn-*.npz``
(``tick_samples``), tells on ``FOLDER/held-*.npz`` what it takes for what, and ships it. Stopped, it
goes on after the last time round that was finished.
"""

import argparse
import copy
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from edge.extraction import ticks
from edge.inference.readers import SHAPE, TICK_LABELS, TICK_NETWORK
from edge.ocr.engine import Patch
from models.training.release import release
from models.training.ticks.network import Several, TickNet, export

_BATCH, _RATE, _WARM = 64, 2e-3, 0.15
_OF_OTHERS = 0.5  # of the invented boxes an epoch: our own forms are what mostly comes
_SMOOTH = 0.002
_ACROSS, _DOWN, _SHIFTED = 0.25, 0.12, 0.5
_DARKER, _NOISE, _NOISY = 0.12, 0.03, 0.3
_KEPT = 0.998  # of the averaged weights, a step
_TRAINED_ON = (
    "{count} boxes of drawn and invented forms, marked by drawn pens and scanned by program"
)


class Drawn:
    """Samples of several files, as bytes: 15 kB each."""

    def __init__(self) -> None:
        self.files: list[Path] = []
        self.pictures: list[NDArray[np.uint8]] = []
        self.plans: list[NDArray[np.uint8]] = []
        self.blanks: list[NDArray[np.uint8]] = []
        self.bright: list[NDArray[np.float32]] = []
        self.said = np.empty(0, np.int64)
        self.kinds = np.empty(0, "U16")
        self.ours = np.empty(0, np.bool_)

    def add(self, files: Iterable[Path]) -> None:
        """Read those that were not read before."""
        for file in files:
            if file in self.files or file.name.endswith(".part.npz"):
                continue
            with np.load(file) as stored:
                for name in ("said", "kinds", "ours"):
                    setattr(self, name, np.concatenate([getattr(self, name), stored[name]]))
                pictures, plans, blanks = (stored[n] for n in ("pictures", "plans", "blanks"))
            pairs = zip(pictures, plans, strict=True)
            bright = [ticks.papers(Patch(picture, plan)) for picture, plan in pairs]
            self.files.append(file)
            # One by one: samples of several files, and nothing copied when another comes.
            self.pictures += list(pictures)
            self.plans += list(plans)
            self.blanks += list(blanks)
            self.bright += list(np.array(bright, np.float32))

    def __len__(self) -> int:
        return len(self.said)

    def epoch(self, rng: np.random.Generator) -> NDArray[np.int64]:
        """What is learned from in one go: boxes of our forms, and some of the others."""
        chosen = self.ours | (rng.random(len(self)) < _OF_OTHERS)
        return np.asarray(rng.permutation(np.flatnonzero(chosen)), np.int64)

    def batch(self, chosen: NDArray[np.int64]) -> torch.Tensor:
        """Some samples, laid out as convolutions are quickest with."""
        columns = (self.pictures, self.plans, self.blanks, self.bright)
        stacked = (np.stack([column[i] for i in chosen]) for column in columns)
        some = torch.from_numpy(ticks.channels(*stacked))
        return some.contiguous(memory_format=torch.channels_last)


def _turned(patches: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    """Seen a pixel beside, darker or paler, noisier; some printed the other way round."""
    if rng.random() < _SHIFTED:
        by = (int(rng.integers(-1, 2)), int(rng.integers(-1, 2)))
        patches[:, :2] = patches[:, :2].roll(by, (2, 3))
    darker = 1 + _DARKER * rng.standard_normal((len(patches), 1, 1, 1), np.float32)
    patches[:, :2] *= torch.from_numpy(darker)
    noisy = torch.from_numpy(np.flatnonzero(rng.random(len(patches)) < _NOISY))
    noise = torch.randn(len(noisy), 1, *patches.shape[2:]) * _NOISE
    patches[noisy, :1] += noise
    patches[noisy, 1:2] += 4 * noise
    patches[:, :1].clamp_(0, 1)
    patches[:, 1:2].clamp_(-1, 1)
    across = torch.from_numpy(rng.random(len(patches)) < _ACROSS)
    patches[across] = patches[across].flip(3)
    down = torch.from_numpy(rng.random(len(patches)) < _DOWN)
    patches[down] = patches[down].flip(2)
    return patches


class Course:
    """A training that may be stopped and taken up again; ``even`` averages its weights.

    ``is_short``: floats of 16 bits where they do, which is quicker on processors that have them.
    """

    def __init__(
        self,
        steps: int,
        seed: int,
        start_from: Path | None,
        *,
        rate: float = _RATE,
        is_short: bool = False,
    ) -> None:
        self.is_short = is_short
        torch.manual_seed(seed)
        self.net = TickNet()
        if start_from is not None:
            self.net = kept_net(start_from)
        self.net.to(memory_format=torch.channels_last)
        self.even: TickNet = copy.deepcopy(self.net).eval()
        self.optimiser = torch.optim.AdamW(self.net.parameters(), rate, weight_decay=0.04)
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimiser, rate, total_steps=steps, pct_start=_WARM
        )
        self.loss = nn.CrossEntropyLoss(label_smoothing=_SMOOTH)
        self.step, self.epoch = 0, 0

    def learn(self, patches: torch.Tensor, said: torch.Tensor) -> float:
        """One step; returns the loss."""
        self.net.train()
        with torch.autocast("cpu", torch.bfloat16, enabled=self.is_short):
            scores = self.net(patches)
        found = self.loss(scores.float(), said)
        self.optimiser.zero_grad()
        found.backward()
        self.optimiser.step()
        self.schedule.step()
        self.step += 1
        kept = min(_KEPT, self.step / (self.step + 20))
        new = self.net.state_dict()
        for name, even in self.even.state_dict().items():
            if even.is_floating_point():
                even.lerp_(new[name], 1 - kept)
            else:
                even.copy_(new[name])
        return float(found.item())

    def save(self, path: Path) -> None:
        """Write all of it."""
        part = path.with_suffix(".part")
        torch.save(
            {
                "net": self.net.state_dict(), "even": self.even.state_dict(),
                "optimiser": self.optimiser.state_dict(), "schedule": self.schedule.state_dict(),
                "step": self.step, "epoch": self.epoch,
            },
            part,
        )  # fmt: skip
        part.replace(path)

    def take_up(self, path: Path) -> None:
        """Read what was written."""
        state = torch.load(path, weights_only=True)
        for part in (self.net, self.even, self.optimiser, self.schedule):
            name = next(key for key, value in vars(self).items() if value is part)
            part.load_state_dict(state[name])
        self.step, self.epoch = int(state["step"]), int(state["epoch"])


def learn(folder: Path, drawn: Drawn, kept: Path, course: Course, steps: int, seed: int) -> TickNet:
    """Train so many steps; files that come while it learns are learned from the next time round."""
    if kept.exists():
        course.take_up(kept)
    while course.step < steps:
        drawn.add(sorted(folder.glob("learn-*.npz")))
        said = torch.from_numpy(drawn.said)
        rng = np.random.default_rng(seed * 1000 + course.epoch)
        order = drawn.epoch(rng)
        total, done = 0.0, 0
        for start in range(0, len(order) - _BATCH + 1, _BATCH):
            if course.step == steps:
                break
            chosen = order[start : start + _BATCH]
            total += course.learn(_turned(drawn.batch(chosen), rng), said[chosen])
            done += 1
        course.epoch += 1
        print(
            f"round {course.epoch}, step {course.step} of {steps}, {len(drawn.files)} files, "
            f"loss {total / max(1, done):.4f}",
            flush=True,
        )
        course.save(kept)
    return course.even


def kept_net(path: Path) -> TickNet:
    """What a training kept, its averaged weights: of its own file, or of ``write_weights``'s."""
    net = TickNet()
    if path.suffix == ".npz":
        with np.load(path) as stored:
            weights = {name: torch.from_numpy(stored[name]) for name in stored.files}
    else:
        weights = torch.load(path, weights_only=True)["even"]
    net.load_state_dict(weights)
    net.eval()
    return net


def write_weights(net: TickNet, path: Path) -> None:
    """Write a network small, in floats of 16 bits, to go on from another day."""
    weights = {name: value.numpy() for name, value in net.state_dict().items()}
    small = {
        name: value.astype(np.float16) if value.dtype == np.float32 else value
        for name, value in weights.items()
    }
    np.savez_compressed(path, allow_pickle=False, **small)


def chances(nets: Sequence[TickNet], drawn: Drawn) -> NDArray[np.float32]:
    """What they say of samples."""
    together = Several(nets).eval()
    made = []
    with torch.no_grad():
        for start in range(0, len(drawn), 500):
            chosen = np.arange(start, min(len(drawn), start + 500))
            made.append(together(drawn.batch(chosen)).numpy())
    return np.concatenate(made)


def told(drawn: Drawn, found: NDArray[np.float32], level: float) -> str:
    """A line a kind: of how many it says what when it is so sure."""
    lines = [f"at {level}: kind, said, count: empty, ticked, left open"]
    answers = np.where(found.max(axis=1) >= level, found.argmax(axis=1), len(TICK_LABELS) - 1)
    for kind in sorted(set(drawn.kinds)):
        for said in range(len(TICK_LABELS)):
            chosen = (drawn.kinds == kind) & (drawn.said == said)
            if chosen.any():
                counts = np.bincount(answers[chosen], minlength=len(TICK_LABELS))
                told_counts = ", ".join(map(str, counts))
                lines.append(f"{kind:16} {TICK_LABELS[said]:9} {chosen.sum():6}: {told_counts}")
    return "\n".join(lines)


def main() -> None:
    """Learn, measure, ship."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("kept", type=Path)
    parser.add_argument("--steps", type=int, default=26_000)
    parser.add_argument("--start-from", type=Path, help="what another training kept")
    parser.add_argument("--rate", type=float, default=_RATE, help="of learning, at most")
    parser.add_argument("--bfloat16", action="store_true", help="quicker where processors have it")
    parser.add_argument(
        "--beside", type=Path, nargs="*", default=[], help="what other trainings kept, for the mean"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    drawn = Drawn()
    course = Course(
        options.steps,
        options.seed,
        options.start_from,
        rate=options.rate,
        is_short=options.bfloat16,
    )
    net = learn(options.folder, drawn, options.kept, course, options.steps, options.seed)
    held = Drawn()
    held.add(sorted(options.folder.glob("held-*.npz")))
    nets = [net, *map(kept_net, options.beside)]
    found = chances(nets, held)
    for level in (0.9, 0.97, 0.99):
        print(told(held, found, level))
    write_weights(net, options.kept.with_suffix(".npz"))
    path = options.kept.with_suffix(".onnx")
    export(nets, path)
    release(
        path.read_bytes(),
        TICK_NETWORK,
        SHAPE,
        TICK_LABELS,
        _TRAINED_ON.format(count=f"{len(drawn):,}"),
    )


if __name__ == "__main__":
    main()
