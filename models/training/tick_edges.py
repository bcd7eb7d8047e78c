"""Measure on blanks where close around tick boxes the form itself is dark (``edges_mm``).

``python -m models.training.tick_edges FORM.toml BLANK.png…`` writes them into the form's file, of
our drawn blank and of the given ones, which have the form's whole page.
"""

import argparse
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge import pack
from edge.document import BoxMm
from edge.reading import tickpatch
from edge.reading.forms import FieldKind, FieldSpec, FormDefinition
from edge.reading.readers import Gray
from edge.reading.registration import Registration
from models.training import forms

_DPI, _TIMES = 200, 4  # each blank is looked at so many times
_NOISE, _SOFT_PX, _OFF_MM = 3.0, 0.5, 0.15
_STANDS_OUT = 0.02  # less than what counts as ink, so that its rims belong to it
_LEAST_PX = 2


def measured(form: FormDefinition, blanks: Sequence[Gray]) -> dict[str, tuple[BoxMm, ...]]:
    """Per tick the places that are dark in one of the blanks, scanned a little off."""
    chance = np.random.default_rng(3)
    ticks = [spec for spec in form.fields if spec.kind is FieldKind.TICK]
    most = {spec.name: np.zeros((tickpatch.HIGH_PX, tickpatch.WIDE_PX)) for spec in ticks}
    others = tickpatch.written_in(form)
    for blank in blanks:
        px = blank.shape[1] / form.width_mm
        for number in range(_TIMES):
            soft = np.asarray(cv2.GaussianBlur(blank, (0, 0), _SOFT_PX), np.float32)
            noisy = soft + chance.normal(0, _NOISE, blank.shape)
            scan = np.asarray(np.clip(noisy, 0, 255), np.uint8)
            x, y = chance.normal(0, _OFF_MM, 2) if number else (0.0, 0.0)
            where = Registration(np.array([[px, 0.0, x * px], [0.0, px, y * px]]), 0.1, 20)
            for spec in ticks:
                seen = tickpatch.hollow(tickpatch.patch(scan, where, spec, others).picture)
                most[spec.name] = np.maximum(most[spec.name], seen)
    return {spec.name: _boxes(most[spec.name] > _STANDS_OUT, spec, others) for spec in ticks}


def _boxes(dark: NDArray[np.bool_], spec: FieldSpec, others: Sequence[BoxMm]) -> tuple[BoxMm, ...]:
    own = tickpatch.boxes_of(spec)
    wider = cv2.dilate(dark.astype(np.uint8), np.ones((3, 3), np.uint8))
    near = tickpatch.near(tickpatch.plan(own, spec.print_mm, others))
    # A pixel more than is looked at, for a place that is rounded.
    spare = cv2.dilate(near.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    frame, px = tickpatch.window(own), tickpatch.PX_PER_MM
    return tuple(
        BoxMm(round(frame.left + x / px, 1), round(frame.top + y / px, 1), wide / px, high / px)
        for x, y, wide, high in _rectangles((wider > 0) & spare)
        if wide * high >= _LEAST_PX
    )


def _rectangles(mask: NDArray[np.bool_]) -> Iterator[tuple[int, int, int, int]]:
    """Cover a mask with rectangles, the largest first: x, y, width, height."""
    left = mask.copy()
    while left.any():
        x, y, wide, high = _largest(left)
        left[y : y + high, x : x + wide] = False
        yield x, y, wide, high


def _largest(mask: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    heights = np.zeros(mask.shape[1] + 1, np.int64)
    best = (0, 0, 0, 0)
    for row in range(mask.shape[0]):
        heights[:-1] = np.where(mask[row], heights[:-1] + 1, 0)
        for start in np.flatnonzero(heights):
            lowest = np.minimum.accumulate(heights[start:])
            areas = lowest * np.arange(1, len(lowest) + 1)
            at = int(areas.argmax())
            if areas[at] > best[2] * best[3]:
                high = int(lowest[at])
                best = (int(start), row - high + 1, at + 1, high)
    return best


def written(text: str, found: dict[str, tuple[BoxMm, ...]]) -> str:
    """A form's file with the places in it, in the place of those that it had."""
    kept = re.sub(r"edges_mm = \[(?:\n(?:    .*\n)*)?\]\n", "", text)
    for name, boxes in found.items():
        rows = [f"[{', '.join(f'{side:.1f}' for side in box)}]" for box in boxes]
        lines = [", ".join(rows[start : start + 3]) for start in range(0, len(rows), 3)]
        body = "".join(f"    {line},\n" for line in lines)
        head = re.compile(rf'(name = "{re.escape(name)}"\nkind = "tick"\n)')
        parts = head.split(kept, maxsplit=1)
        if len(parts) == 3:
            kept = f"{parts[0]}{parts[1]}edges_mm = [\n{body}]\n{parts[2]}"
    return kept


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("form", type=Path)
    parser.add_argument("blanks", type=Path, nargs="*")
    options = parser.parse_args()
    form = pack.load(pack.default_dir()).forms[options.form.stem]
    blanks = [forms.blank(form, _DPI)]
    for path in options.blanks:
        read = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        if read is None:
            raise SystemExit(f"{path}: no picture")
        blanks.append(
            np.asarray(
                cv2.resize(read, blanks[0].shape[::-1], interpolation=cv2.INTER_AREA), np.uint8
            )
        )
    found = measured(form, blanks)
    options.form.write_text(written(options.form.read_text("utf-8"), found), "utf-8")


if __name__ == "__main__":
    main()
