"""The network that tells handwriting from print, and its training.

Input is n × 1 × 32 × width (``edge.ocr.network_io``), output n × 2: printed, by hand. ``python -m
models.training.hands.train OUT [--real ZIP]`` draws 30,000 lines, half of them by hand: with
Debian's handwriting fonts and with real digits (``digits``, the first 4,000). Print is drawn, and
real typed lines where they are given. Some minutes on one core; what was drawn is kept in OUT.
"""

import argparse
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from edge.inference.readers import HAND_LABELS, HAND_NETWORK
from edge.inference.session import FREE
from edge.ocr.network_io import HEIGHT_PX, line_tensor, stacked
from models.training.cells.glyphs import Part
from models.training.lines import draw
from models.training.lines.samples import real_lines
from models.training.release import release

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


Tensor = NDArray[np.float32]

_LINES, _HELD_OUT = 30_000, 2_000
_WIDEST = 480  # of a line that is learned from; a part of a longer one tells as well
_STEPS, _BATCH, _RATE = 6_000, 48, 2e-3
_REAL_DIGITS = 0.25  # of the lines by hand
_WHITENED = 0.5  # of all lines: zones of forms come without their paper
_SIZE = (0.75, 1.1)  # other margins than a finder's
_SOFT = 0.3
_PAPER = 0.3  # of the way to ink
_TRAINED_ON = (
    "lines drawn with Debian fonts and scanned by program, strips of 4,000 real handwritten "
    "digits, and real typed lines (HTR-United/tapuscorpus, CC BY 4.0)"
)


def examples(count: int, seed: int, real: Path | None, *, held_out: bool) -> Iterator[Tensor]:
    """Lines by turns printed and by hand, printed first."""
    rng = random.Random(seed)
    part = Part.MEASURE if held_out else Part.LEARN
    typed = real_lines(real, held_out=held_out) if real else []
    for number in range(count):
        if number % 2 and rng.random() < _REAL_DIGITS:
            image = draw.scanned(draw.draw_strip(rng, part), rng)
        elif number % 2:
            image = draw.draw(rng, held_out=held_out, kind="hand").image
        elif typed and rng.random() < 0.1:
            image = rng.choice(typed).image
        else:
            kind = rng.choice(("print", "print", "typewriter"))
            image = draw.draw(rng, held_out=held_out, kind=kind).image
        tensor = line_tensor(image)
        if rng.random() < _WHITENED:
            tensor = np.where(tensor < _PAPER, np.float32(0), tensor)
        spare = max(0, tensor.shape[1] - _WIDEST)
        start = rng.randint(0, spare)
        yield np.asarray(tensor[:, start : start + _WIDEST], np.float32)


def kept(path: Path, count: int, seed: int, real: Path | None, *, held_out: bool) -> list[Tensor]:
    """The same, from a file where they were drawn before."""
    if not path.exists():
        drawn = list(examples(count, seed, real, held_out=held_out))
        whole = np.rint(np.hstack(drawn) * 100).astype(np.int8)
        np.savez_compressed(path, lines=whole, widths=[one.shape[1] for one in drawn])
    with np.load(path) as stored:
        lines_all, widths = stored["lines"], stored["widths"]
    ends = np.cumsum(widths)
    return [
        np.asarray(lines_all[:, end - width : end] / np.float32(100), np.float32)
        for end, width in zip(ends, widths, strict=True)
    ]


def _batch(
    tensors: Sequence[Tensor], chosen: Sequence[int], rng: random.Random
) -> tuple[torch.Tensor, torch.Tensor]:
    lines_now = torch.from_numpy(stacked([_placed(tensors[i], rng) for i in chosen]))
    return lines_now, torch.tensor([i % 2 for i in chosen])


def _placed(tensor: Tensor, rng: random.Random) -> Tensor:
    """A line with other margins, its letters larger or smaller, higher or lower."""
    height, width = tensor.shape
    tall, wide = (round(side * rng.uniform(*_SIZE)) for side in (height, width))
    scaled = cv2.resize(tensor, (max(16, wide), tall), interpolation=cv2.INTER_LINEAR)
    if rng.random() < _SOFT:
        scaled = cv2.GaussianBlur(scaled, (0, 0), rng.uniform(0.4, 1.0))
    top = rng.randint(*sorted((0, height - tall)))
    made = np.zeros((height, scaled.shape[1]), np.float32)
    rows = slice(max(0, top), min(height, top + tall))
    made[rows] = scaled[rows.start - top : rows.stop - top]
    return made


def learn(tensors: Sequence[Tensor], seed: int) -> HandNet:
    """Train on lines by turns printed and by hand."""
    rng = random.Random(seed)
    torch.manual_seed(seed)
    net = HandNet()
    optimiser = torch.optim.AdamW(net.parameters(), _RATE, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, _RATE, total_steps=_STEPS)
    loss = nn.CrossEntropyLoss()
    by_width = sorted(range(len(tensors)), key=lambda i: tensors[i].shape[1])
    for step in range(_STEPS):
        start = rng.randrange(len(by_width) - 4 * _BATCH)
        chosen = rng.sample(by_width[start : start + 4 * _BATCH], _BATCH)
        lines_now, wanted = _batch(tensors, chosen, rng)
        found = loss(net(lines_now), wanted)
        optimiser.zero_grad()
        found.backward()
        optimiser.step()
        schedule.step()
        if step % 500 == 0:
            print(f"step {step}, loss {found.item():.3f}", flush=True)
    net.eval()
    return net


def chances(net: HandNet, tensors: Sequence[Tensor]) -> NDArray[np.float32]:
    """The chance that each line was written by hand."""
    with torch.no_grad():
        told = [net(torch.from_numpy(one)[None, None]).softmax(-1)[0, 1].item() for one in tensors]
    return np.array(told, np.float32)


def main() -> None:
    """Draw, learn, measure, ship."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--real", type=Path, help="the zip of training_lines")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(options.threads)
    seed, real = options.seed, options.real
    net = learn(kept(options.out / "learn.npz", _LINES, seed, real, held_out=False), seed)
    held = kept(options.out / "held.npz", _HELD_OUT, seed + 1, real, held_out=True)
    told = chances(net, held)
    for level in (0.1, 0.3, 0.5, 0.7, 0.9):
        by_hand, printed = told[1::2] >= level, told[::2] >= level
        print(f"from {level}: {by_hand.mean():.2%} of handwriting, {printed.mean():.2%} of print")
    path = options.out / "hand.onnx"
    export(net, path)
    release(path.read_bytes(), HAND_NETWORK, (1, HEIGHT_PX, FREE), HAND_LABELS, _TRAINED_ON)


if __name__ == "__main__":
    main()
