"""Measure what blanks show around their tick boxes (``blanks`` of a form's ticks).

``python -m models.training.tick_blanks FORM.toml BLANK.png…`` writes into the form's file what our
drawn blank and the given ones show, in four steps of darkness; each has the form's whole page, and
is a printing by itself.
"""

import argparse
import re
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from edge import pack
from edge.document import BoxMm
from edge.reading import tickblank, tickpatch
from edge.reading.forms import FieldKind, FormDefinition
from edge.reading.readers import Gray
from edge.reading.registration import Registration
from models.training import forms

_DPI = 200
_SOFT_PX = 0.5  # as soft as a scan


def measured(form: FormDefinition, blanks: Sequence[Gray]) -> dict[str, tuple[str, ...]]:
    """Per tick what each of the blanks shows there, packed."""
    found: dict[str, list[str]] = {}
    for blank in blanks:
        px = blank.shape[1] / form.width_mm
        where = Registration(np.array([[px, 0.0, 0.0], [0.0, px, 0.0]]), 0.1, 20)
        for spec in form.fields:
            if spec.kind is FieldKind.TICK:
                steps = shown(blank, where, tickpatch.boxes_of(spec))
                found.setdefault(spec.name, []).append(tickblank.packed(steps))
    return {name: tuple(texts) for name, texts in found.items()}


def shown(blank: Gray, where: Registration, boxes: Sequence[BoxMm]) -> Gray:
    """The steps of a blank in a tick's window."""
    soft = np.asarray(cv2.GaussianBlur(blank, (0, 0), _SOFT_PX), np.uint8)
    picture, _ = tickpatch.on_blank(tickpatch.wider(soft, where, boxes), ())
    return tickblank.measured(picture)


def written(text: str, found: dict[str, tuple[str, ...]]) -> str:
    """A form's file with the blanks in it, in the place of those that it had."""
    kept = re.sub(r"blanks = \[\n(?:    .*\n)*\]\n", "", text)
    for name, texts in found.items():
        body = "".join(f'    "{one}",\n' for one in texts)
        head = re.compile(rf'(name = "{re.escape(name)}"\nkind = "tick"\n)')
        parts = head.split(kept, maxsplit=1)
        if len(parts) == 3:
            kept = f"{parts[0]}{parts[1]}blanks = [\n{body}]\n{parts[2]}"
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
        size = blanks[0].shape[::-1]
        blanks.append(np.asarray(cv2.resize(read, size, interpolation=cv2.INTER_AREA), np.uint8))
    found = measured(form, blanks)
    options.form.write_text(written(options.form.read_text("utf-8"), found), "utf-8")


if __name__ == "__main__":
    main()
