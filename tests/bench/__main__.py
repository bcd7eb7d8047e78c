"""Print measured figures: ``make bench``, or ``python -m tests.bench [forms] [text]``.

Figures need the real samples (``VAGUEMESTRE_SAMPLES``); the forms are filled by program on their
real blanks, so they say what the station reads on clean typing badly scanned, not on real mail.
"""

import argparse
import os
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from edge import config
from edge.inference.careful import load_careful
from edge.reading.readers import Readers
from tests.bench import forms, text

_PAGES = 40
_SEED = 20_261
_WAYS = {
    "in cells, grey": {},
    "over the cells, grey": {"across": True},
    "in cells, black and white": {"bitonal": True},
}


def main() -> int:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="*", choices=["forms", "text"], default=["forms", "text"])
    options = parser.parse_args()
    console = Console()
    folder = os.environ.get("VAGUEMESTRE_SAMPLES", "")
    if not folder:
        console.print("VAGUEMESTRE_SAMPLES is unset: nothing can be measured without real samples.")
        return 1
    readers = load_careful(config.user_cache_dir())
    if "forms" in options.what:
        console.print(_forms(Path(folder), readers))
    if "text" in options.what:
        console.print(_text(Path(folder), readers))
    return 0


def _forms(samples: Path, readers: Readers) -> Table:
    table = Table("Filled forms (real blanks)", *_WAYS, title=f"{_PAGES} pages each, 200 dpi, ±2°")
    started = time.process_time()
    found = {
        way: forms.measure(forms.filled(samples, _PAGES, _SEED, **how), readers)
        for way, how in _WAYS.items()
    }
    seconds = (time.process_time() - started) / (_PAGES * len(_WAYS))
    outcomes = list(found.values())
    table.add_row("type right", *(str(one.types) for one in outcomes))
    table.add_row("NIR exact", *(str(one.of_kind("nir")) for one in outcomes))
    table.add_row("filled fields exact", *(str(one.of_kind()) for one in outcomes))
    table.add_row("filled fields accepted", *(str(one.accepted()) for one in outcomes))
    table.add_row("accepted and wrong", *(_wrong(one) for one in outcomes))
    table.caption = f"{seconds:.2f} s of processor time a page"
    return table


def _wrong(outcome: forms.Outcome) -> str:
    wrong = [f"{v.form} {v.field.name} ({v.typeface})" for v in outcome.accepted_wrong()]
    accepted = sum(v.field.accepted for v in outcome.verdicts)
    return f"{len(wrong)} of {accepted}" + "".join(f"\n{one}" for one in wrong)


def _text(samples: Path, readers: Readers) -> Table:
    yardstick = text.tesseract()
    table = Table("Character errors", "pages", "station", "Tesseract fra", "seconds a page")
    for name, pages in (
        ("typed pages", list(text.typescript(samples))),
        ("fadings", list(text.fadings(samples))),
    ):
        ours = text.total([text.measure(page, text.ours(readers)) for page in pages])
        row = [name, str(len(pages)), f"{ours.rate:.2%}"]
        if yardstick is None:
            row.append("not installed: apt-get install tesseract-ocr-fra")
        else:
            row.append(f"{text.total([text.measure(p, yardstick) for p in pages]).rate:.2%}")
        table.add_row(*row, f"{ours.seconds / len(pages):.1f}")
    return table


if __name__ == "__main__":
    sys.exit(main())
