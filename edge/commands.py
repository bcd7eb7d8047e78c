"""What the commands of ``vaguemestre-edge`` do, once their arguments are parsed."""

import argparse
import dataclasses
import datetime as dt
import hashlib
import json
import os
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from edge import agent, doctor, pack, report, sheets
from edge.config import EdgeConfig
from edge.document import LotHeader, LotResult, SetAside
from edge.errors import FileVanished, NotRegularFile, ReadingError
from edge.events import Events
from edge.imaging.decode import Limits
from edge.lot import LotContext, ReadLot, read_lot
from edge.sources import names, twins
from edge.spool.files import open_regular
from edge.spool.spool import Spool
from edge.spool.values import ClaimedFile
from edge.workers import Workers, WorkerSettings

_READ_LIMITS = Limits(max_page_pixels=150_000_000, max_pages=5_000, max_file_bytes=4_000_000_000)
_CHUNK = 1 << 20
_INDEXES = (".dat",)


def run(config: EdgeConfig, stop: threading.Event) -> int:
    """Run the agent in the foreground until it is told to stop."""
    events = Events()

    def ready() -> None:
        print(f"prêt : {config.station.site}/{config.station.name}", flush=True)

    agent.run(config, events, stop, ready)
    return 0


@dataclass(frozen=True, slots=True)
class ReadResults:
    """What ``read`` found, lot by lot."""

    results: tuple[LotResult, ...]

    def to_json(self) -> dict[str, Any]:
        """The JSON contract."""
        return report.to_json(self.results)

    def to_tables(self) -> list[Table]:
        """The same for people."""
        return report.to_tables(self.results)


def read(paths: Sequence[Path], count: int, fund: str) -> ReadResults:
    """Read files without a centre, each path its own lot."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "vaguemestre"
    if not _is_writable(cache):
        cache = Path(tempfile.mkdtemp(prefix="vaguemestre-"))
    settings = WorkerSettings(
        pack_dir=pack.default_dir(),
        cache_dir=cache,
        limits=_READ_LIMITS,
        memory_bytes=3_000_000_000,
        page_timeout_s=120.0,
        accept_error_rate=0.001,
        separator_barcodes=(),
    )
    recognition = pack.load(settings.pack_dir)
    today = agent.now().date()
    context = LotContext(fund, today, None, agent.public_holidays(today))
    workers = Workers(settings, count)
    try:
        workers.versions()
        return ReadResults(
            tuple(_read_path(path, workers, recognition, context).result for path in paths)
        )
    finally:
        workers.close()


def _is_writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)


def _read_path(
    path: Path, workers: Workers, recognition: pack.Pack, context: LotContext
) -> ReadLot:
    files: list[ClaimedFile] = []
    aside: list[SetAside] = []
    for order, (name, file) in enumerate(_files_of(path)):
        try:
            files.append(_as_claimed(name, file, order))
        except ReadingError as error:
            aside.append(SetAside(name, None, error.code, error.reason))
    paired = twins.pair([file.name for file in files], None)
    files = [
        dataclasses.replace(f, twin_of=twin.colour, twin_certain=twin.certain)
        if (twin := paired.get(f.name))
        else f
        for f in files
    ]
    found = read_lot(files, workers, recognition, context)
    result = dataclasses.replace(found.result, set_aside=(*aside, *found.result.set_aside))
    return dataclasses.replace(found, result=result)


def _files_of(path: Path) -> Iterator[tuple[str, Path]]:
    """A file is itself, a directory all files below it in natural order but for index files."""
    if not path.is_dir() or path.is_symlink():
        yield path.name or str(path), path
        return
    below = sorted(
        (p for p in path.rglob("*") if p.is_symlink() or not p.is_dir()),
        key=lambda p: names.natural(p.relative_to(path).parts),
    )
    for file in below:
        if not names.is_ignored(file.name) and file.suffix.lower() not in _INDEXES:
            yield names.clean(str(file.relative_to(path))), file


def _as_claimed(name: str, path: Path, order: int) -> ClaimedFile:
    digest = hashlib.sha256()
    try:
        with open_regular(path) as fd, open(fd, "rb", closefd=False) as file:
            size = os.fstat(fd).st_size
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
    except FileNotFoundError as error:
        raise FileVanished from error
    except OSError as error:
        raise NotRegularFile(str(error.strerror)) from error
    return ClaimedFile(name, digest.hexdigest(), path, size, None, None, order)


def status(config: EdgeConfig, console: Console, *, as_json: bool) -> int:
    """Show the lots and what waits for the centre."""
    spool = Spool.open(config.station.work_dir, config.spool, agent.now, visitor=True)
    try:
        lots, sources, backlog = spool.lots_overview(), spool.sources_overview(), spool.backlog()
        rescans = spool.rescans()
    finally:
        spool.close()
    if as_json:
        answer = {
            "lots": [dataclasses.asdict(lot) for lot in lots],
            "sources": [dataclasses.asdict(source) for source in sources],
            "backlog": dataclasses.asdict(backlog),
            "rescans": [dataclasses.asdict(rescan) for rescan in rescans],
        }
        json.dump(answer, sys.stdout, ensure_ascii=False, default=str)
        print()
        return 0
    table = Table("Lot", "État", "Détail", "Pages", "Documents", "Envoyés")
    for lot in lots:
        state = lot.shown.value
        if lot.count is not None and lot.shown.value == "INCOMPLET":
            state = f"{state} {lot.count.found}/{lot.count.expected}"
        row = (lot.name, state, lot.detail, lot.counted_pages, lot.documents, lot.acknowledged)
        table.add_row(*(str(value) for value in row))
    console.print(table)
    for source in sources:
        if source.reason:
            console.print(f"{source.name} : {source.reason}")
    for rescan in rescans:
        console.print(f"À numériser de nouveau : {rescan.lot_name} ({rescan.reason})")
    console.print(f"{backlog.documents} document(s) en attente d'envoi.")
    return 0


def separators(options: argparse.Namespace, console: Console) -> int:
    """Write header and separator sheets as a PDF."""
    pdf: list[bytes] = []
    if options.header:
        try:
            received = dt.date.fromisoformat(options.received_on) if options.received_on else None
        except ValueError:
            print("--received-on attend une date AAAA-MM-JJ.", file=sys.stderr)
            return 2
        header = LotHeader(
            process=options.process,
            fund=options.fund,
            received_on=received,
            expected_type=options.expected_type,
            expected_documents=options.expected_documents,
            pages_each=options.pages_each,
            priority=int(options.urgent),
            original_seen=options.original_seen,
        )
        pdf.append(sheets.header_sheet_pdf(header, options.lot))
    if options.count:
        pdf.append(sheets.separator_sheets_pdf(options.count))
    if not pdf:
        print("Demandez --header, --count ou les deux.", file=sys.stderr)
        return 2
    options.output.write_bytes(sheets.join(pdf))
    console.print(f"{options.output} est prêt à imprimer.")
    return 0


def close(config: EdgeConfig, lot: str, console: Console) -> int:
    """Close an incomplete lot."""
    spool = Spool.open(config.station.work_dir, config.spool, agent.now, visitor=True)
    try:
        closed = spool.close_lot(lot)
    finally:
        spool.close()
    console.print(f"{closed} lot(s) clôturé(s)." if closed else f"Aucun lot incomplet « {lot} ».")
    return 0 if closed else 1


def replay(config: EdgeConfig, some_id: str, console: Console) -> int:
    """Send a document again, or read a lot again that was set aside."""
    spool = Spool.open(config.station.work_dir, config.spool, agent.now, visitor=True)
    try:
        spool.replay(some_id)
    except LookupError:
        console.print(f"Rien à rejouer sous l'identifiant {some_id}.")
        return 1
    finally:
        spool.close()
    console.print("C'est reparti.")
    return 0


def examine(config: EdgeConfig, console: Console) -> int:
    """Print the doctor's findings; 1 when something is wrong."""
    is_well = True
    for finding in doctor.examine(config, agent.now()):
        is_well = is_well and finding.is_well
        mark = "[green]bien[/]" if finding.is_well else "[red]à voir[/]"
        console.print(
            f"{mark}  {finding.subject}" + ("" if finding.is_well else f" : {finding.advice}")
        )
    return 0 if is_well else 1
