"""``vaguemestre-edge separators``: header and separator sheets, ready to print.

Open a station's spool beside the agent that owns it.

``vaguemestre-edge rescan``: answer a request of the centre to scan a document again.

The commands that a station's settings file is given to: run, status, close, replay, doctor.
"""

import argparse
import contextlib
import dataclasses
import datetime as dt
import json
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from edge import agent, doctor, sheets
from edge.config import EdgeConfig
from edge.pack import load_pack
from edge.spool.rules import composed
from edge.spool.spool import Spool
from edge.spool.values import LotStatus, Rescan
from edge.telemetry import Telemetry
from edge.web import forms
from edge.web import status as web_status
from edge.web.status import read_status
from vaguemestre import pack
from vaguemestre.model.lot import LotHeader


def separators(options: argparse.Namespace, console: Console) -> int:
    """Write the sheets as one PDF; 2 when what was asked for cannot be printed."""
    problems = [*_problems(options)]
    if problems:
        print("\n".join(problems), file=sys.stderr)
        return 2
    pdf: list[bytes] = []
    try:
        if options.header:
            pdf.append(sheets.header_sheet_pdf(_header(options), options.lot))
        if options.count:
            pdf.append(sheets.separator_sheets_pdf(options.count))
        options.output.write_bytes(sheets.join(pdf))
    except ValueError as error:
        print(f"Une valeur ne peut pas être imprimée : {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"{options.output} n'a pas pu être écrit : {error.strerror}.", file=sys.stderr)
        return 1
    console.print(f"{options.output} est prêt à imprimer.", markup=False)
    return 0


def _problems(options: argparse.Namespace) -> list[str]:
    found = []
    if not options.header and not options.count:
        found.append("Demandez --header, --count ou les deux.")
    if not 0 <= options.count <= sheets.MOST_SHEETS:
        found.append(f"--count va de 1 à {sheets.MOST_SHEETS}.")
    if options.process and options.process not in sheets.PROCESSES:
        found.append(f"--process attend {', '.join(sheets.PROCESSES)}.")
    if options.received_on:
        try:
            dt.date.fromisoformat(options.received_on)
        except ValueError:
            found.append("--received-on attend une date AAAA-MM-JJ.")
    types = load_pack(pack.default_dir()).plan.types
    if options.expected_type and options.expected_type not in types:
        found.append(f"--expected-type attend l'un de : {', '.join(sorted(types))}.")
    for name in ("expected_documents", "pages_each"):
        value = getattr(options, name)
        if value is not None and value < 1:
            found.append(f"--{name.replace('_', '-')} doit être au moins 1.")
    return found


def _header(options: argparse.Namespace) -> LotHeader:
    day = options.received_on
    return LotHeader(
        process=options.process,
        fund=options.fund,
        received_on=dt.date.fromisoformat(day) if day else None,
        expected_type=options.expected_type,
        expected_documents=options.expected_documents,
        pages_each=options.pages_each,
        priority=int(options.urgent),
        original_seen=options.original_seen,
    )


@contextlib.contextmanager
def open_spool(config: EdgeConfig) -> Iterator[Spool]:
    """The spool, for as long as the context lasts.

    Raises:
        SpoolAbsent: the agent has never started there.
    """
    spool = Spool.open(config.station.work_dir, config.spool, agent.now, visitor=True)
    try:
        yield spool
    finally:
        spool.close()


def rescan(
    config: EdgeConfig,
    code: str,
    console: Console,
    *,
    output: Path | None = None,
    impossible: str | None = None,
) -> int:
    """Show a request, print its sheet, or say that it cannot be met.

    Args:
        config: The station's settings.
        code: Of the request, or its id.
        console: Where to say so.
        output: A PDF to write the sheet to.
        impossible: Why the document cannot be scanned again.

    Returns:
        1 when there is no such request or the sheet cannot be written, 2 for a wrong reason.
    """
    with open_spool(config) as spool:
        asked = code.upper().removeprefix("RESCAN-")
        found = [one for one in spool.rescans() if asked in (one.code, one.rescan_id.upper())]
        one = found[0] if len(found) == 1 and found[0].rescan_id else None
        if one is None:
            console.print(f"Aucune demande ouverte « {code} ».")
            return 1
        if impossible is not None:
            most, reason = forms.MAX_REASON, impossible.strip()
            if not forms.is_reason(reason):
                print(
                    f"--impossible attend une raison de {most} caractères au plus.", file=sys.stderr
                )
                return 2
            if not spool.rescan_impossible(one.rescan_id, reason):
                console.print(f"La demande {one.code} n'est plus ouverte.")
                return 1
            console.print(f"Demande {one.code} : le centre en sera informé.")
            return 0
    if output is not None:
        return _print(one, output, console)
    console.print(f"Demande {one.code} : {one.reason}")
    if sheet := web_status.sheet_of(one):
        console.print(f"À retrouver : {sheet}.")
    console.print(f"Lot d'origine : {one.lot_name}. {web_status.standing_of(one)}")
    return 0


def _print(one: Rescan, output: Path, console: Console) -> int:
    try:
        output.write_bytes(sheets.rescan_sheet_pdf(one))
    except OSError as error:
        print(f"{output} n'a pas pu être écrit : {error.strerror}.", file=sys.stderr)
        return 1
    console.print(f"{output} est prêt à imprimer.")
    return 0


def run(config: EdgeConfig, stop: threading.Event) -> int:
    """Run the agent in the foreground until it is told to stop."""
    events = Telemetry()

    def ready(page: str) -> None:
        if page:
            print(f"page : {page}", flush=True)
        print(f"prêt : {config.station.site}/{config.station.name}", flush=True)

    agent.run(config, events, stop, ready)
    return 0


def status(config: EdgeConfig, console: Console, *, as_json: bool) -> int:
    """Show the lots and what waits for the centre."""
    with open_spool(config) as spool:
        lots, sources, backlog = spool.lots_overview(), spool.sources_overview(), spool.backlog()
        rescans, hidden, aside = spool.rescans(), spool.lots_hidden(), spool.aside()
        now = read_status(config, spool, agent.now())
    if as_json:
        answer = {
            "lots": [dataclasses.asdict(lot) for lot in lots],
            "sources": [dataclasses.asdict(source) for source in sources],
            "backlog": dataclasses.asdict(backlog),
            "rescans": [_told(rescan) for rescan in rescans],
            "hidden": dataclasses.asdict(hidden),
            "standing": dataclasses.asdict(now.standing),
            "aside": aside,
        }
        json.dump(answer, sys.stdout, ensure_ascii=False, default=str)
        print()
        return 0
    table = Table("Lot", "État", "Détail", "Pages", "Documents", "Envoyés")
    for lot in lots:
        state = lot.shown.value
        if lot.count is not None and lot.shown.value == "INCOMPLET":
            state = f"{state} {lot.count.found}/{lot.count.expected}"
        row = (lot.name, state, _detail(lot), lot.counted_pages, lot.documents, lot.acknowledged)
        table.add_row(*(str(value) for value in row))
    console.print(table)
    if hidden.needing + hidden.others:
        beyond = f"Et {hidden.needing + hidden.others} lot(s) de plus"
        console.print(f"{beyond}, dont {hidden.needing} à traiter.")
    link, advice, is_well = web_status.link_text(now)
    if not is_well:
        console.print(f"{link} : {advice}")
    for one in now.standing.stalled:
        console.print(*web_status.stalled(one, now.now), sep=" : ")
    for source in sources:
        if source.reason:
            console.print(f"{source.name} : {source.reason}")
    for rescan in rescans:
        which = ", ".join(filter(None, (rescan.lot_name, web_status.sheet_of(rescan))))
        console.print(f"À numériser de nouveau : {which} ({rescan.reason})")
    if aside:
        console.print(f"{aside} fichier(s) sans lot connu dans aside : prévenez l'exploitation.")
    console.print(f"{backlog.documents} document(s) en attente d'envoi.")
    return 0


def _told(rescan: Rescan) -> dict[str, Any]:
    """A request as a program reads it; its picture is for people (``rescan --output``)."""
    told = dataclasses.asdict(rescan)
    del told["sheet"]["picture"]
    return told


def _detail(lot: LotStatus) -> str:
    """What an operator must know of a lot: what was set aside, else where it stands."""
    if not lot.set_aside:
        return lot.detail
    first, *others = lot.set_aside
    more = f" (+ {len(others)})" if others else ""
    return f"{first.file} : {first.reason}{more}"


def close(config: EdgeConfig, lot: str, console: Console) -> int:
    """Close an incomplete lot."""
    with open_spool(config) as spool:
        closed = spool.close_lot(lot)
    console.print(f"{closed} lot(s) clôturé(s)." if closed else f"Aucun lot incomplet « {lot} ».")
    return 0 if closed else 1


def replay(config: EdgeConfig, some_id: str, console: Console) -> int:
    """Send a document again, or read a lot again that was set aside."""
    try:
        with open_spool(config) as spool:
            spool.replay(some_id)
    except LookupError:
        console.print(f"Rien à rejouer sous l'identifiant {some_id}.")
        return 1
    console.print("C'est reparti.")
    return 0


def replay_since(config: EdgeConfig, day: dt.date, console: Console) -> int:
    """Send again all that was received since a day: the centre keeps what it still has once."""
    with open_spool(config) as spool:
        count = spool.replay_since(day)
    console.print(f"{count} document(s) à renvoyer.")
    return 0 if count else 1


def discard(config: EdgeConfig, lot: str, console: Console) -> int:
    """Give up what was set aside of a lot, so that it can leave the station."""
    with open_spool(config) as spool:
        asked = {lot, composed(lot)}
        lots = {one.id for name in asked for one in spool.lots_named(name) if one.id}
        given_up = sum(spool.discard(lot_id) for lot_id in lots)
    console.print(
        f"{given_up} lot(s) déchargé(s)." if given_up else f"Rien d'écarté sous « {lot} »."
    )
    return 0 if given_up else 1


def examine(config: EdgeConfig, console: Console) -> int:
    """Print the doctor's findings; 1 when something is wrong."""
    is_well = True
    for finding in doctor.examine(config, agent.now()):
        is_well = is_well and finding.is_well
        mark = Text("bien", "green") if finding.is_well else Text("à voir", "red")
        advice = "" if finding.is_well else f" : {finding.advice}"
        console.print(mark, f" {finding.subject}{advice}")
    return 0 if is_well else 1
