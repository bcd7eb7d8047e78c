"""Teach the page network: pages of one type near each other, of different types apart.

Types and invented forms each have proxies on the sphere, several for types whose layout is not
known; a page is drawn to the nearest of its own and pushed from all others by a margin. Pages of
no type are pushed from all. Nothing of the proxies is kept: prototypes are made afterwards.
Stopped runs go on where they were: ``--minutes`` counts over all of them.
"""

import argparse
import math
import time
from pathlib import Path
from typing import Any

import cv2
import torch
from torch import nn

from models.training import page_data, synthesise
from models.training.page_net import LENGTH, PageNet

_BATCH = 32
_RATE = 2e-3
_SCALE, _MARGIN = 20.0, 0.2
_PROXIES = 3
_FAR = 0.25  # cosine that pages of no type must stay below
_AVERAGED = 0.996  # of the averaged weights kept at each step
_SAVE_EVERY_S = 90.0
_UNKNOWN, _TURNED = -1, -2  # labels of pages of no type, and of pages that were turned


class Proxies(nn.Module):
    """A loss with its own weights: ``_PROXIES`` unit vectors for each class."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.vectors = nn.Parameter(torch.randn(classes, _PROXIES, LENGTH))

    def forward(self, units: Any, labels: Any) -> Any:
        """Mean loss of pages with a label, and of those without (label -1)."""
        known = nn.functional.normalize(self.vectors, dim=2)
        cosines = torch.einsum("bd,ckd->bck", units, known).amax(dim=2)
        has = labels >= 0
        loss = units.sum() * 0.0
        if has.any():
            wanted = nn.functional.one_hot(labels[has], known.shape[0]).float()
            loss = loss + nn.functional.cross_entropy(
                _SCALE * (cosines[has] - _MARGIN * wanted), labels[has]
            )
        if (~has).any():
            nearest = torch.logsumexp(_SCALE * cosines[~has], dim=1) / _SCALE
            loss = loss + 4.0 * nn.functional.relu(nearest - _FAR).mean()
        return loss


class Run:
    """A training run: network, averaged network, proxies, and how long it has taken."""

    def __init__(self, classes: list[str], minutes: float, checkpoint: Path) -> None:
        self.classes, self.minutes, self.checkpoint = classes, minutes, checkpoint
        self.net = PageNet().to(memory_format=torch.channels_last)
        self.average = torch.optim.swa_utils.AveragedModel(
            self.net, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(_AVERAGED), use_buffers=True
        )
        self.proxies = Proxies(len(classes))
        self.optimiser = torch.optim.AdamW(
            [{"params": self.net.parameters(), "weight_decay": 0.02},
             {"params": self.proxies.parameters(), "weight_decay": 0.0, "faster": 3.0}],
            lr=_RATE,
        )  # fmt: skip
        self.step, self.elapsed = 0, 0.0
        if checkpoint.exists():
            self._resume()

    def learn(self, pixels: Any, labels: Any, turns: Any) -> tuple[float, float, float]:
        """One step; returns the losses and the share of turns that were right."""
        self.net.train()
        part = self.elapsed / (self.minutes * 60)
        rate = _RATE * min(1.0, (self.step + 1) / 200) * 0.5 * (1 + math.cos(math.pi * min(1.0, part)))
        for group in self.optimiser.param_groups:
            group["lr"] = (rate + 1e-5) * group.get("faster", 1.0)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            answer = self.net(pixels.to(memory_format=torch.channels_last))
        units, scores = answer[:, :LENGTH].float(), answer[:, LENGTH:].float()
        upright = labels != _TURNED
        apart = self.proxies(units[upright], labels[upright])
        facing = nn.functional.cross_entropy(scores, turns)
        self.optimiser.zero_grad(set_to_none=True)
        (apart + facing).backward()
        nn.utils.clip_grad_norm_(self.net.parameters(), 5.0)
        self.optimiser.step()
        self.average.update_parameters(self.net)
        self.step += 1
        right = (scores.argmax(dim=1) == turns).float().mean()
        return float(apart.detach()), float(facing.detach()), float(right)

    def save(self) -> None:
        """Write the checkpoint whole or not at all."""
        new = self.checkpoint.with_suffix(".part")
        state = {name: getattr(self, name).state_dict() for name in ("net", "average", "proxies", "optimiser")}
        torch.save({**state, "step": self.step, "elapsed": self.elapsed, "classes": self.classes}, new)
        new.replace(self.checkpoint)

    def _resume(self) -> None:
        state = torch.load(self.checkpoint, weights_only=True)
        if state["classes"] != self.classes:
            raise SystemExit(f"{self.checkpoint} was made for other classes; remove it to start anew")
        for name in ("net", "average", "proxies", "optimiser"):
            getattr(self, name).load_state_dict(state[name])
        self.step, self.elapsed = state["step"], state["elapsed"]


def train(folder: Path, checkpoint: Path, minutes: float, seed: int) -> Run:
    """Train until ``minutes`` are over, all runs together."""
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    torch.manual_seed(seed)
    data = page_data.Thumbs(folder)
    classes = synthesise.classes()
    labels_of = {"": _TURNED, **{name: number for number, name in enumerate(classes)}}
    run = Run(classes, minutes, checkpoint)
    saved = began = time.monotonic()
    shown = [0.0, 0.0, 0.0]
    for pixels, types, turns in page_data.batches(data, _BATCH, seed + run.step):
        labels = torch.tensor([labels_of.get(name, _UNKNOWN) for name in types])
        losses = run.learn(torch.from_numpy(pixels), labels, torch.from_numpy(turns))
        shown = [0.98 * a + 0.02 * b if run.step > 1 else b for a, b in zip(shown, losses, strict=True)]
        now = time.monotonic()
        run.elapsed += now - began
        began = now
        if run.step % 50 == 0:
            told = " ".join(f"{value:.3f}" for value in shown)
            print(f"{run.step} {run.elapsed:.0f} s: {told}", flush=True)  # noqa: T201
        is_over = run.elapsed >= minutes * 60
        if is_over or now - saved > _SAVE_EVERY_S:
            run.save()
            saved = now
        if is_over:
            break
    return run


def main() -> None:
    """Train on a folder of thumbnails (``python -m models.training.synthesise`` draws them)."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("thumbs", type=Path)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--minutes", type=float, default=40)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    train(options.thumbs, options.checkpoint, options.minutes, options.seed)


if __name__ == "__main__":
    main()
