"""``vaguemestre-edge read``: files to documents without a centre, each path its own lot.

Files are only ever opened for reading, and by their content alone is decided what they are. All
that was named or found is answered for: read, or set aside with a reason.
"""

import argparse
import contextlib
import dataclasses
import hashlib
import json
import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from edge import agent, config
from edge.cli import report
from edge.cli.arguments import add_command
from edge.errors import (
    FileDenied,
    FileVanished,
    FormatUnknown,
    NoPage,
    NotRegularFile,
    ReadingError,
)
from edge.pack import load_pack
from edge.pipeline.lot import LotContext, read_lot
from edge.pipeline.workers import Workers
from edge.pipeline.workers.confinement import no_memory_image
from edge.pipeline.workers.settings import default_settings
from edge.results import LotResult
from edge.sources.folder.claim import in_place
from edge.sources.folder.filesystem import LotFinder
from edge.sources.folder.grouping import LotCandidate, paired_entries
from edge.spool.disk import open_regular
from edge.spool.page_order import WrittenFile, arrange
from edge.spool.values import ClaimedFile
from vaguemestre import pack
from vaguemestre.model.calendar import paris_day
from vaguemestre.model.lot import SetAside

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class _FoundFile:
    """One file of a lot as it was found."""

    name: str
    path: Path
    refused: type[ReadingError] | None = None
    twin_of: str | None = None
    twin_certain: bool = True
    order_certain: bool = True
    holds_no_page: bool = False  # it lies beside pages: told, and missing nowhere


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    text = "lit des fichiers sans le centre"
    parser = add_command(commands, "read", text, _run, has_config=False)
    parser.add_argument("paths", type=Path, nargs="+", metavar="CHEMIN", help="fichier ou dossier")
    parser.add_argument(
        "--json", action="store_true", help="réponse en JSON (docs/read.schema.json)"
    )
    parser.add_argument("--workers", type=int, default=2, help="processus de lecture")
    parser.add_argument("--fund", default="17", help="département de la caisse")
    parser.add_argument(
        "--separator-barcode",
        action="append",
        default=[],
        metavar="TEXTE",
        help="code-barres qui sépare les documents ; * et ? comme dans les noms de fichiers",
    )
    parser.add_argument(
        "--duplex",
        action="store_true",
        help="recto et verso de chaque feuille se suivent, comme pour un dossier duplex = true",
    )


def _run(options: argparse.Namespace, console: Console) -> int:
    no_memory_image()
    if options.workers < 1:
        print("--workers doit être au moins 1.", file=sys.stderr)
        return 2
    for path in options.paths:
        if not os.path.lexists(path):
            print(f"{path} n'existe pas.", file=sys.stderr)
            return 2
    results = read(
        options.paths,
        options.workers,
        options.fund,
        options.separator_barcode,
        duplex=options.duplex,
    )
    if options.json:
        # JSON is UTF-8 whatever the terminal's own encoding is.
        text = json.dumps(report.to_json(results), ensure_ascii=False, indent=1)
        sys.stdout.buffer.write(f"{text}\n".encode())
    else:
        console.print(*report.to_tables(results))
    return 0


def read(
    paths: Sequence[Path],
    count: int,
    fund: str,
    separator_barcodes: Sequence[str] = (),
    *,
    duplex: bool = False,
) -> tuple[LotResult, ...]:
    """Read files and directories.

    Args:
        paths: What to read; a directory is one lot with all that lies below it.
        count: How many reading processes.
        fund: Department whose rules the plan applies.
        separator_barcodes: Texts of barcodes that separate documents.
        duplex: Pages are the two sides of sheets, one after the other.

    Returns:
        One result a path.

    Raises:
        PackInvalid: the reading processes cannot start.
    """
    with contextlib.ExitStack() as stack:
        settings = default_settings(config.cache_dir(stack), separator_barcodes)
        recognition = load_pack(settings.pack_dir)
        context = LotContext(fund, paris_day(agent.now()), duplex=duplex)
        workers = Workers(settings, count)
        threads = stack.enter_context(ThreadPoolExecutor(count, thread_name_prefix="lot"))
        stack.callback(workers.close)  # before the threads are waited for: a Ctrl-C ends at once
        workers.versions()
        return tuple(
            threads.map(lambda path: _read_path(path, workers, recognition, context), paths)
        )


def _read_path(
    path: Path, workers: Workers, recognition: pack.Pack, context: LotContext
) -> LotResult:
    files: list[ClaimedFile] = []
    aside: list[SetAside] = []
    for order, found in enumerate(_find_files(path)):
        if found.holds_no_page:
            aside.append(SetAside(found.name, None, FormatUnknown.code, FormatUnknown.reason))
            continue
        try:
            files.append(_claimed(found, order))
        except ReadingError as error:
            aside.append(SetAside(found.name, None, error.code, error.reason))
            files.append(
                ClaimedFile(found.name, "", found.path, 0, None, None, order, True, error.code)
            )
    result = read_lot(files, workers, recognition, context).result
    return dataclasses.replace(result, set_aside=(*aside, *result.set_aside))


def _find_files(path: Path) -> list[_FoundFile]:
    """All that a path stands for, in page order; never empty.

    A directory is cut and ordered as the lot that it would be in a watched folder; what is known to
    hold no page comes last.
    """
    name = _shown((path.name or str(path),))
    if path.is_symlink() or not path.is_dir():
        return [_FoundFile(name, path)]
    try:
        found = LotFinder(path).folder_as_lot(path.name)
    except OSError:
        return [_FoundFile(name, path, FileDenied)]
    files = [one for lot in found.lots for one in _files_of(lot, path, name)]
    files += (
        _FoundFile(_shown(entry.parts), path.joinpath(*entry.parts), holds_no_page=True)
        for entry in found.left_alone
    )
    return files or [_FoundFile(name, path, NoPage)]


def _files_of(lot: LotCandidate, path: Path, name: str) -> Iterator[_FoundFile]:
    """A directory's files in page order; ``name`` stands for the directory itself."""
    pairs = paired_entries(lot, {})
    everything = [*lot.files, *(entry for entry, _ in lot.refused)]
    written = [WrittenFile(entry.parts, entry.sighting.mtime_ns) for entry in everything]
    unsure = {everything[position].parts for position in arrange(written).unsure}
    taken, refused = [], []
    for entry in lot.files:
        colour, is_certain = pairs.get(entry.parts, (None, True))
        below = entry.parts[1:]
        found = _FoundFile(
            _shown(below),
            path.joinpath(*below),
            twin_of=_shown(colour.parts[1:]) if colour is not None else None,
            twin_certain=is_certain,
            order_certain=entry.parts not in unsure,
        )
        taken.append((entry, found))
    for entry, reason in lot.refused:
        below = entry.parts[1:]
        found = _FoundFile(_shown(below) if below else name, path.joinpath(*below), reason)
        refused.append((entry, found))
    yield from in_place(taken, refused)


def _shown(parts: tuple[str, ...]) -> str:
    """A name as it is, but for bytes that are no text."""
    return "/".join(os.fsencode(part).decode("utf-8", "backslashreplace") for part in parts)


def _claimed(found: _FoundFile, order: int) -> ClaimedFile:
    if found.refused is not None:
        raise found.refused
    digest = hashlib.sha256()
    try:
        with open_regular(found.path) as fd, open(fd, "rb", closefd=False) as file:
            size = os.fstat(fd).st_size
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
    except FileNotFoundError as error:
        raise FileVanished from error
    except PermissionError as error:
        raise FileDenied from error
    except OSError as error:
        raise NotRegularFile(str(error.strerror)) from error
    return ClaimedFile(
        found.name,
        digest.hexdigest(),
        found.path,
        size,
        None,
        found.twin_of,
        order,
        found.twin_certain,
        order_certain=found.order_certain,
    )
