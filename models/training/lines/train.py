"""Train the line reader for so many minutes; stopped and started again it goes on.

``python -m models.training.lines.train OUT --minutes 90 [--real FOLDER] [--from WEIGHTS]``
writes OUT/reader.pt (state to go on from), OUT/reader.npz (weights to begin again from) and
OUT/reader.onnx. The learning rate falls to nothing at the end of the minutes.
"""

import argparse
import math
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein
from torch import nn

from edge.ocr.network_io import line_tensor
from models.training.lines.draw import drawn_set
from models.training.lines.feed import Feed
from models.training.lines.network import CHARACTERS, LineNet, decode, export, load_weights
from models.training.lines.samples import real_lines

Samples = Sequence[tuple[NDArray[np.float32], str]]

_RATE, _WARM_STEPS, _LAST = 2e-3, 300, 0.01
_AVERAGE = 0.999
_SAVE_S, _CHECK_S = 120, 600


class Course:
    """Network, its running average, optimiser and clock: all that a checkpoint holds."""

    def __init__(self, minutes: float, device: str, rate: float = _RATE) -> None:
        self.device, self.highest = device, rate
        self.net = LineNet().to(device).to(memory_format=torch.channels_last)
        self.mean = torch.optim.swa_utils.AveragedModel(
            self.net,
            multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(_AVERAGE),
            use_buffers=True,
        )
        self.optimiser = torch.optim.AdamW(self.net.parameters(), rate, weight_decay=0.01)
        self.loss = nn.CTCLoss(zero_infinity=True)
        self.step, self.seconds, self.total = 0, 0.0, 60 * minutes

    def rate(self) -> float:
        """Warm up, then fall with a cosine over the time that is left."""
        share = min(1.0, self.seconds / self.total)
        falling = _LAST + (1 - _LAST) * 0.5 * (1 + math.cos(math.pi * share))
        return self.highest * falling * min(1.0, (self.step + 1) / _WARM_STEPS)

    def learn(self, batch: NDArray[np.float32], targets: list[tuple[int, ...]]) -> float:
        """One step; returns the loss."""
        started = time.monotonic()
        for group in self.optimiser.param_groups:
            group["lr"] = self.rate()
        lines = torch.from_numpy(batch).to(self.device).to(memory_format=torch.channels_last)
        with torch.autocast(self.device, torch.bfloat16):
            scores = self.net(lines)
        likely = scores.float().log_softmax(-1).transpose(0, 1)
        wanted = torch.tensor([char for target in targets for char in target])
        lengths = torch.tensor([len(target) for target in targets])
        steps = torch.full((len(targets),), likely.shape[0])
        loss = self.loss(likely, wanted, steps, lengths)
        self.optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.net.parameters(), 5.0)
        self.optimiser.step()
        self.mean.update_parameters(self.net)
        self.step += 1
        self.seconds += time.monotonic() - started
        return float(loss.item())

    def save(self, out: Path) -> None:
        """Write the checkpoint, then rename it into place."""
        state = {
            "net": self.net.state_dict(), "mean": self.mean.state_dict(),
            "optimiser": self.optimiser.state_dict(), "step": self.step, "seconds": self.seconds,
        }  # fmt: skip
        torch.save(state, out / "reader.pt.new")
        (out / "reader.pt.new").replace(out / "reader.pt")

    def load(self, out: Path) -> None:
        """Go on from a checkpoint."""
        state = torch.load(out / "reader.pt", map_location=self.device)
        self.net.load_state_dict(state["net"])
        self.mean.load_state_dict(state["mean"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.seconds = state["step"], state["seconds"]

    def begin_from(self, weights: Path) -> None:
        """Begin anew from weights that an earlier course left."""
        state = load_weights(weights).state_dict()
        self.net.load_state_dict(state)
        self.mean.module.load_state_dict(state)

    def publish(self, out: Path) -> None:
        """Write weights and ONNX of the average."""
        state = self.mean.module.state_dict()
        half = {name: value.cpu().numpy().astype(np.float16) for name, value in state.items()}
        np.savez_compressed(out / "reader.npz", **half)
        export(self.mean.module.to("cpu"), out / "reader.onnx")
        self.mean.module.to(self.device)


def error_rate(net: nn.Module, samples: Samples) -> float:
    """Character errors over the characters of the truth, spaces counted."""
    net.eval()
    errors = total = 0
    with torch.no_grad():
        for tensor, text in samples:
            scores = net(torch.from_numpy(tensor)[None, None])
            errors += Levenshtein.distance(decode(scores[0].argmax(-1).numpy()), text)
            total += len(text)
    return errors / max(1, total)


def main() -> None:
    """Train."""
    options = _options()
    options.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    course = Course(options.minutes, "cuda" if torch.cuda.is_available() else "cpu", options.rate)
    if (options.out / "reader.pt").exists():
        course.load(options.out)
    elif options.weights:
        course.begin_from(options.weights)
    seed = 1000 * options.seed + course.step
    feed = Feed(seed, options.workers, options.real, options.real_share)
    try:
        _follow(course, feed, _sets(options.real), options.out)
    finally:
        feed.close()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--minutes", type=float, default=90.0)
    parser.add_argument("--real", type=Path, help="the zip of training_lines, or exported samples")
    parser.add_argument("--real-share", type=float, default=0.2)
    parser.add_argument("--from", dest="weights", type=Path)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rate", type=float, default=_RATE, help="a tenth of it to polish")
    return parser.parse_args()


def _sets(real: Path | None) -> Mapping[str, Samples]:
    """What the course is measured on: never trained on."""
    drawn = {name: drawn_set(name) for name in ("clean", "degraded")}
    sets: dict[str, Samples] = {
        name: [(line_tensor(one.image), one.text) for one in lines] for name, lines in drawn.items()
    }
    if real:
        sets["typed"] = [
            (line_tensor(line.image), "".join(c for c in line.text if c in CHARACTERS))
            for line in real_lines(real, held_out=True)
        ]
    return sets


def _follow(course: Course, feed: Feed, sets: Mapping[str, Samples], out: Path) -> None:
    saved = checked = time.monotonic()
    losses: list[float] = []
    for batch, targets in feed.batches():
        losses.append(course.learn(batch, targets))
        feed.share = course.seconds / course.total
        now = time.monotonic()
        is_over = course.seconds >= course.total
        if now - saved > _SAVE_S or is_over:
            course.save(out)
            told = f"step {course.step}, {feed.drawn} drawn, loss {np.mean(losses):.3f}"
            print(f"{course.seconds / 60:.1f} min, {told}", flush=True)
            saved, losses = now, []
        if now - checked > _CHECK_S or is_over:
            rates = {name: error_rate(course.mean.module.cpu(), one) for name, one in sets.items()}
            course.mean.module.to(course.device)
            course.publish(out)
            print(", ".join(f"{name} {rate:.2%}" for name, rate in rates.items()), flush=True)
            checked = time.monotonic()
        if is_over:
            break


if __name__ == "__main__":
    main()
