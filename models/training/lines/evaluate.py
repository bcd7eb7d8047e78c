"""What the line reader is worth: ``python -m models.training.lines.evaluate ONNX [--real ZIP]``.

Prints character errors on held-out drawn lines and, with ``--real``, on the typed lines kept out
of training; then how true its confidence is, as a table and, with ``--plot FILE``, a picture.
"""

import argparse
import itertools
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

from edge.inference.readers import LineNetwork
from edge.inference.session import Session
from edge.ocr.engine import LineReading, least_sure
from models.training.lines.draw import drawn_set
from models.training.lines.network import CHARACTERS
from models.training.lines.samples import real_lines

_BINS = (0.0, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 1.0)
_LINES = 1500


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("onnx", type=Path)
    parser.add_argument("--real", type=Path, help="the zip of training_lines, or exported samples")
    parser.add_argument("--plot", type=Path)
    parser.add_argument("--lines", type=int, default=_LINES)
    options = parser.parse_args()
    network = _network(options.onnx)
    sure: list[float] = []
    right: list[bool] = []
    for name in ("clean", "degraded"):
        lines = drawn_set(name, options.lines)
        answers = network.read([line.image for line in lines])
        _tell(name, answers, [line.text for line in lines])
        for kind in ("print", "typewriter", "hand") if name == "degraded" else ():
            chosen = [i for i, line in enumerate(lines) if line.kind == kind]
            _tell(f"  {kind}", [answers[i] for i in chosen], [lines[i].text for i in chosen])
        sure += [least_sure(answer) for answer in answers]
        right += [answer.text == line.text for answer, line in zip(answers, lines, strict=True)]
    if options.real:
        typed = real_lines(options.real, held_out=True)
        texts = ["".join(c for c in line.text if c in CHARACTERS) for line in typed]
        _tell("real typed lines", network.read([line.image for line in typed]), texts)
    table = reliability(np.array(sure), np.array(right))
    for low, high, count, mean, share in table:
        print(f"least sure {low:.3f}–{high:.3f}: {count} lines, told {mean:.3f}, right {share:.3f}")
    if options.plot:
        _plot(table, options.plot)
    return 0


def _network(path: Path) -> LineNetwork:
    """A network as training wrote it, in no manifest yet."""
    data = path.read_bytes()
    told = {entry.key: entry.value for entry in onnx.load_from_string(data).metadata_props}
    return LineNetwork(Session(data, threads=1), told["characters"], path.name)


def reliability(
    sure: NDArray[np.float64], right: NDArray[np.bool_]
) -> list[tuple[float, float, int, float, float]]:
    """For each bin of the least sure letter: bounds, lines, mean confidence, share read right."""
    found = []
    for low, high in itertools.pairwise(_BINS):
        inside = (sure >= low) & ((sure < high) | (high == 1.0))
        if inside.any():
            found.append(
                (
                    low,
                    high,
                    int(inside.sum()),
                    float(sure[inside].mean()),
                    float(right[inside].mean()),
                )
            )
    return found


def _tell(name: str, answers: Sequence[LineReading], truths: Sequence[str]) -> None:
    wrong = sum(Levenshtein.distance(a.text, t) for a, t in zip(answers, truths, strict=True))
    total = sum(map(len, truths))
    perfect = sum(a.text == t for a, t in zip(answers, truths, strict=True))
    rate = wrong / max(1, total)
    print(f"{name}: {wrong}/{total} = {rate:.2%}, {perfect}/{len(truths)} lines perfect")


def _plot(table: Sequence[tuple[float, float, int, float, float]], path: Path) -> None:
    from matplotlib import pyplot as plt  # noqa: PLC0415  (only where networks are trained)

    figure, axes = plt.subplots(figsize=(5, 4.2), dpi=110)
    axes.plot([0, 1], [0, 1], color="0.7", linewidth=1)
    axes.plot([row[3] for row in table], [row[4] for row in table], marker="o")
    for _, _, count, mean, share in table:
        axes.annotate(
            str(count), (mean, share), textcoords="offset points", xytext=(4, -10), fontsize=7
        )
    axes.set_xlabel("confidence of the least sure letter")
    axes.set_ylabel("lines read without error")
    figure.tight_layout()
    figure.savefig(path)


if __name__ == "__main__":
    sys.exit(main())
