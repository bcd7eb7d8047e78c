"""Print measured figures: ``make bench``, or ``python -m tests.bench [WHAT ...]``.

Most need the real samples (``VAGUEMESTRE_SAMPLES``); without them the speed alone is measured, on
drawn lots. The forms are filled by program on their real blanks, so they say what the station
reads on typing badly scanned, not on real mail. Proportions come with Wilson's 95 % bounds.
"""

import argparse
import collections
import os
import sys
import time
from collections.abc import Callable, Collection
from pathlib import Path

from rich.console import Console
from rich.table import Table

from edge import config
from edge.inference.engine import StationEngine, load_engine
from edge.ocr.engine import OcrEngine
from models.training.lines import draw
from tests.bench import (
    agent,
    backs,
    combs,
    confined,
    distorted,
    enrolled,
    forms,
    kinds,
    lines,
    people,
    rates,
    speed,
    text,
    ticks,
)
from tests.bench import console as operations
from tests.bench.proportion import Proportion

_PAGES = 40
_IMAGES = 400
_LINES = 1_000
_DRAWN = 200
_TICKED = 260
_LETTERS = 12
_DOCUMENTS = 5_000_000
_INVENTED, _EACH = 20, 10
_SEED = 20_261
_WAYS: dict[str, dict[str, bool]] = {
    "in cells, grey": {},
    "over the cells, grey": {"across": True},
    "in cells, black and white": {"bitonal": True},
    "by hand, grey": {"handwritten": True},
    "by hand, black and white": {"handwritten": True, "bitonal": True},
}
_COMBS: dict[str, dict[str, bool]] = {
    "typed, grey": {},
    "typed, black and white": {"bitonal": True},
    "by hand, grey": {"handwritten": True},
    "by hand, black and white": {"handwritten": True, "bitonal": True},
}
_WHAT = (
    "forms",
    "combs",
    "distorted",
    "backs",
    "ticks",
    "kinds",
    "enrolled",
    "lines",
    "text",
    "rates",
    "speed",
    "agent",
    "confined",
    "people",
    "console",
)
_NEED_SAMPLES = ("forms", "combs", "text")


def main() -> int:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="*", metavar="WHAT", help=", ".join(_WHAT))
    parser.add_argument("--pages", type=int, default=_PAGES, help="filled forms a column")
    parser.add_argument("--drawn", type=int, default=_DRAWN, help="drawn pages of all kinds")
    parser.add_argument("--ticked", type=int, default=_TICKED, help="ticked forms")
    parser.add_argument("--images", type=int, default=_IMAGES, help="of the agent's mixed lot")
    parser.add_argument(
        "--documents", type=int, default=_DOCUMENTS, help="stored behind the console; 11 GB"
    )
    parser.add_argument("--seed", type=int, default=_SEED)
    options = parser.parse_args()
    what = options.what or _WHAT
    if unknown := set(what) - set(_WHAT):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    samples = os.environ.get("VAGUEMESTRE_SAMPLES", "")
    if not samples and set(what) & set(_NEED_SAMPLES):
        Console().print("VAGUEMESTRE_SAMPLES is unset: forms, combs and text need real samples.")
        what = [part for part in what if part not in _NEED_SAMPLES]
    if "console" in what:
        Console().print(_operations(options.documents))
    if set(what) <= {"console"}:
        return 0  # no network needs to be loaded
    _run(what, options, load_engine(config.user_cache_dir()), Path(samples) if samples else None)
    return 0


def _run(
    what: Collection[str],
    options: argparse.Namespace,
    readers: StationEngine,
    samples: Path | None,
) -> None:
    console, seed = Console(), options.seed
    real = samples or Path()  # parts that need them are left out where there are none
    parts: dict[str, Callable[[], None]] = {
        "forms": lambda: _print_forms(console, real, readers, options.pages, seed),
        "combs": lambda: console.print(_combs(real, readers, options.pages, seed)),
        "distorted": lambda: _print_distorted(console, samples, readers, options.drawn, seed),
        "backs": lambda: console.print(_backs(readers, options.drawn, seed)),
        "ticks": lambda: _print_ticks(console, readers, options.ticked, seed, samples),
        "text": lambda: console.print(_text(real, readers)),
        "kinds": lambda: console.print(_kinds(readers, options.drawn, seed)),
        "enrolled": lambda: console.print(_enrolled(readers, seed)),
        "lines": lambda: _print_lines(console, readers, samples),
        "rates": lambda: console.print(_rates(readers, seed)),
        "speed": lambda: console.print(_speed(readers)),
        "agent": lambda: console.print(str(agent.measure(options.images, seed))),
        "confined": lambda: console.print(str(confined.measure(options.images, seed))),
        "people": people.run,
    }
    for name, measure in parts.items():
        if name not in what:
            continue
        try:
            measure()
        except (RuntimeError, FileNotFoundError) as error:  # typefaces, the word list
            console.print(f"{name}: {error}")


def _print_forms(
    console: Console, samples: Path, readers: OcrEngine, pages: int, seed: int
) -> None:
    title = f"{pages} filled real blanks a column, 200 dpi, up to 2° askew, seed {seed}"
    table = Table("", *_WAYS, title=title)
    started = time.process_time()
    found = {
        way: forms.measure(forms.filled(samples, pages, seed, **how), readers)
        for way, how in _WAYS.items()
    }
    seconds = (time.process_time() - started) / (pages * len(_WAYS))
    outcomes = list(found.values())
    table.add_row("type right", *(str(one.types) for one in outcomes))
    table.add_row("NIR exact", *(str(one.of_kind("nir")) for one in outcomes))
    table.add_row("filled fields exact", *(str(one.of_kind()) for one in outcomes))
    table.add_row("filled fields accepted", *(str(one.accepted()) for one in outcomes))
    table.add_row("accepted and wrong", *(_wrong(one) for one in outcomes))
    table.caption = f"{seconds:.2f} s of processor time a page, drawing it included"
    console.print(table)
    console.print(_fields(outcomes))


def _combs(samples: Path, readers: OcrEngine, pages: int, seed: int) -> Table:
    """The combs alone, where they lie known: many more than whole pages can show."""
    title = f"Combs of {pages} filled real blanks a column, up to 2° askew, seed {seed}"
    table = Table("", *_COMBS, title=title)
    found = [
        combs.measure(combs.drawn(samples, pages, seed, **how), readers) for how in _COMBS.values()
    ]
    table.add_row("NIR exact", *(str(one.of_kind("nir")) for one, _ in found))
    table.add_row("filled combs exact", *(str(one.of_kind()) for one, _ in found))
    table.add_row("filled combs accepted", *(str(one.accepted()) for one, _ in found))
    table.add_row("accepted and wrong", *(_wrong(one) for one, _ in found))
    table.add_row("seconds a page to read", *(f"{seconds:.2f}" for _, seconds in found))
    return table


def _print_distorted(
    console: Console, samples: Path | None, readers: OcrEngine, pages: int, seed: int
) -> None:
    """Sheets that did not lie flat: what goes on without a person though it is not so."""
    title = f"{pages} forms a row, moved by up to {distorted.MOST_MM:.0f} mm, seed {seed}"
    table = Table(
        "", "filled, accepted", "accepted and wrong", "lost", "s a page to read", title=title
    )
    for kind in distorted.KINDS:
        one = distorted.measure(kind, pages, readers, seed, samples)
        row = (one.accepted, one.wrong, one.lost, f"{one.seconds / pages:.2f}")
        table.add_row(kind, *(str(cell) for cell in row))
    console.print(table)


def _backs(readers: OcrEngine, count: int, seed: int) -> Table:
    """What shines through is blank, and nothing else is."""
    title = f"{count} drawn pages a row, seed {seed}"
    table = Table("", "blank", "faint", "written", title=title)
    for kind in backs.KINDS:
        found = backs.measure(kind, count, readers, seed)
        table.add_row(kind, *(str(found[told]) for told in ("blank", "faint", "written")))
    return table


def _print_ticks(
    console: Console, readers: OcrEngine, pages: int, seed: int, samples: Path | None
) -> None:
    found = ticks.measure(readers, pages, seed, samples)
    console.print(ticks.table(found, ticks.milliseconds(readers), seed))
    console.print("\n".join(found.errors))


def _wrong(outcome: forms.Outcome) -> str:
    wrong = [
        f"{v.form} {v.field.name} ({v.typeface}): {v.field.value}, truth {v.truth or 'empty'}"
        for v in outcome.accepted_wrong()
    ]
    accepted = sum(v.field.accepted for v in outcome.verdicts)
    return f"{Proportion(len(wrong), accepted)}" + "".join(f"\n{one}" for one in wrong)


def _fields(outcomes: list[forms.Outcome]) -> Table:
    """Fields that were not always exact or not always accepted."""
    table = Table("field", *_WAYS, title="exact / accepted / filled, where not all the same")
    counts: dict[tuple[str, str], list[collections.Counter[str]]] = {}
    for column, outcome in enumerate(outcomes):
        for verdict in outcome.verdicts:
            if not verdict.truth:
                continue
            key = (verdict.form, verdict.field.name)
            row = counts.setdefault(key, [collections.Counter() for _ in outcomes])
            row[column].update(
                filled=1, exact=verdict.is_right, accepted=int(verdict.field.accepted)
            )
    for (form, name), row in sorted(counts.items()):
        cells = [f"{one['exact']} / {one['accepted']} / {one['filled']}" for one in row]
        if any(len({one["exact"], one["accepted"], one["filled"]}) > 1 for one in row):
            table.add_row(f"{form} {name}", *cells)
    return table


def _text(samples: Path, readers: OcrEngine) -> Table:
    yardstick = text.tesseract()
    title = "Character errors, pages in the order of reading"
    table = Table("", "pages", "station", "Tesseract fra", "seconds a page", title=title)
    for name, pages in (
        ("typed pages", list(text.typescript(samples))),
        ("fadings", list(text.fadings(samples))),
    ):
        ours = text.total([text.measure(page, text.ours(readers)) for page in pages])
        row = [name, str(len(pages)), f"{ours.rate:.2%} ({ours.errors}/{ours.characters})"]
        if yardstick is None:
            row.append("not installed: apt-get install tesseract-ocr-fra")
        else:
            theirs = text.total([text.measure(p, yardstick) for p in pages])
            row.append(f"{theirs.rate:.2%} ({theirs.errors}/{theirs.characters})")
        table.add_row(*row, f"{ours.seconds / len(pages):.1f}")
    return table


def _enrolled(readers: OcrEngine, seed: int) -> Table:
    title = f"{_INVENTED} invented forms, {_EACH} pages of each, all faults, seed {seed}"
    table = Table("samples", "learned", "type right", "and nobody asked", title=title)
    for one in enrolled.measure(readers, _INVENTED, _EACH, seed):
        table.add_row(str(one.samples), str(one.learned), str(one.right), str(one.sure))
    return table


def _kinds(readers: OcrEngine, count: int, seed: int) -> Table:
    title = f"Types of {count} drawn pages, faces and layouts held out, all faults, seed {seed}"
    table = Table("", "type right", "right, or a person names it", "confused", title=title)
    for name, group in sorted(kinds.measure(readers, count, seed).items()):
        confused = "\n".join(f"{what}: {n}" for what, n in group.confused.most_common(8))
        table.add_row(name, str(group.accuracy), str(group.caught), confused)
    return table


def _print_lines(console: Console, station: StationEngine, samples: Path | None) -> None:
    """Lines drawn with faces that training never saw; pages that all readers read alike cut."""
    readers = lines.readers_of(station)
    yardstick = lines.tesseract()
    if yardstick is not None:
        readers["Tesseract fra"] = yardstick
    table = Table("", *readers, title=f"Character errors on {_LINES} drawn lines, held-out faces")
    for name in ("clean", "degraded"):
        drawn = draw.drawn_set(name, _LINES)
        crops, truths = [one.image for one in drawn], [one.text for one in drawn]
        found = [lines.measure(read, crops, truths) for read in readers.values()]
        table.add_row(name, *(f"{e.rate:.2%} ({e.wrong}/{e.characters})" for e in found))
        table.add_row("  without error", *(str(Proportion(e.perfect, e.lines)) for e in found))
        table.add_row("  ms a line", *(f"{1000 * e.seconds / e.lines:.1f}" for e in found))
    console.print(table)
    if samples is None:
        return
    found_pages = lines.pages_on_same_lines(list(text.typescript(samples)), station)
    table = Table("", "errors", title="Character errors on the typed pages, on the same lines")
    for name, one in found_pages.items():
        table.add_row(name, f"{one.rate:.2%} ({one.errors}/{one.characters})")
    console.print(table)


def _rates(readers: OcrEngine, seed: int) -> Table:
    table = Table("", "s a page", "station is so much faster", title="Full-text pages, one thread")
    found = rates.measure(readers, _LETTERS, seed)
    for one in found:
        table.add_row(one.name, f"{one.each:.3f}", f"{one.each / found[0].each:.1f} ×")
    table.caption = f"{_LETTERS} drawn letters of 1,800 characters and more, processor time"
    return table


def _operations(documents: int) -> Table:
    """Pages of operations with millions of documents stored."""
    found = operations.measure(documents)
    title = f"Pages of operations, {found.documents:,} documents, {found.stored_bytes / 1e9:.1f} GB"
    table = Table("page", "median ms", "p95 ms", "worst ms", title=title)
    for one in found.pages:
        times = (one.median, one.p95, max(one.seconds))
        table.add_row(one.page, *(f"{1000 * seconds:.0f}" for seconds in times))
    table.caption = (
        f"filled in {found.fill_s:.0f} s; flow of all hours counted in {found.flow_s:.1f} s, "
        f"as every minute in {found.recount_s:.2f} s"
    )
    return table


def _speed(readers: OcrEngine) -> Table:
    table = Table("page", "pages", "median s", "worst s", title="Processor time, drawn lots")
    found = speed.drawn_lots(readers)
    for one in found:
        table.add_row(
            one.kind, str(len(one.seconds)), f"{one.median:.2f}", f"{max(one.seconds):.2f}"
        )
    everything = [spent for one in found for spent in one.seconds]
    mean = sum(everything) / len(everything)
    table.caption = f"{mean:.2f} s a page in the mean: {1 / mean:.2f} pages/s and core"
    return table


if __name__ == "__main__":
    sys.exit(main())
