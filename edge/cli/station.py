"""Commands for a station that has a settings file: run it, see to its lots, look it over.

They open the spool beside the agent that owns it.
"""

import argparse
import contextlib
import datetime as dt
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.text import Text

from edge import agent, doctor, sheets
from edge.cli.arguments import add_command
from edge.config import EdgeConfig, load
from edge.pipeline.workers.confinement import no_memory_image
from edge.spool.rules import composed
from edge.spool.spool import Spool
from edge.spool.values import Rescan
from edge.telemetry import Telemetry
from edge.web import forms
from edge.web import status as web_status


def add_run(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command that runs the station."""
    add_command(commands, "run", "surveille les dossiers, lit et envoie", _run)


def add_rescan(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command that answers requests of the centre to scan a document again."""
    text = "répond à une demande de numériser de nouveau"
    parser = add_command(commands, "rescan", text, _rescan)
    parser.add_argument("code", help="code ou identifiant de la demande")
    answer = parser.add_mutually_exclusive_group()
    answer.add_argument("--output", type=Path, help="PDF où écrire la feuille à numériser")
    answer.add_argument("--impossible", metavar="RAISON", help="pourquoi ce n'est pas possible")


def add_lot_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the commands that close, replay and discard lots."""
    close = add_command(commands, "close", "clôture un lot incomplet", _close)
    close.add_argument("lot", help="nom ou identifiant du lot")
    text = "renvoie des documents, ou relit un lot écarté"
    which = add_command(commands, "replay", text, _replay).add_mutually_exclusive_group(
        required=True
    )
    which.add_argument("id", nargs="?", help="identifiant du document ou du lot")
    which.add_argument(
        "--since",
        type=dt.date.fromisoformat,
        metavar="AAAA-MM-JJ",
        help="tout ce qui a été reçu depuis ce jour, après une restauration du centre",
    )
    text = "abandonne ce qui a été écarté d'un lot"
    discard = add_command(commands, "discard", text, _discard)
    discard.add_argument("lot", help="nom ou identifiant du lot")


def add_checks(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the commands that look over the settings file and the station."""
    text = "vérifie le fichier de configuration"
    add_command(commands, "check-config", text, _check_config)
    add_command(commands, "doctor", "examine l'environnement de la station", _doctor)


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


def _run(options: argparse.Namespace, _: Console) -> int:
    """Run the agent in the foreground until a signal ends it."""
    no_memory_image()
    config = load(options.config)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())

    def ready(page: str) -> None:
        if page:
            print(f"page : {page}", flush=True)
        print(f"prêt : {config.station.site}/{config.station.name}", flush=True)

    agent.run(config, Telemetry(), stop, ready)
    return 0


def _close(options: argparse.Namespace, console: Console) -> int:
    """Close an incomplete lot."""
    lot: str = options.lot
    with open_spool(load(options.config)) as spool:
        closed = spool.lots.close_lots(lot)
    console.print(f"{closed} lot(s) clôturé(s)." if closed else f"Aucun lot incomplet « {lot} ».")
    return 0 if closed else 1


def _replay(options: argparse.Namespace, console: Console) -> int:
    """Send documents again, or read a lot again that was set aside."""
    config = load(options.config)
    if options.since is not None:
        # The centre keeps what it still has once.
        with open_spool(config) as spool:
            count = spool.outbox.replay_since(options.since)
        console.print(f"{count} document(s) à renvoyer.")
        return 0 if count else 1
    try:
        with open_spool(config) as spool:
            spool.outbox.replay(options.id)
    except LookupError:
        console.print(f"Rien à rejouer sous l'identifiant {options.id}.")
        return 1
    console.print("C'est reparti.")
    return 0


def _discard(options: argparse.Namespace, console: Console) -> int:
    """Give up what was set aside of a lot, so that it can leave the station."""
    lot: str = options.lot
    with open_spool(load(options.config)) as spool:
        spellings = {lot, composed(lot)}
        lots = {one.id for name in spellings for one in spool.status.lots_named(name) if one.id}
        given_up = sum(spool.retention.discard(lot_id) for lot_id in lots)
    console.print(
        f"{given_up} lot(s) déchargé(s)." if given_up else f"Rien d'écarté sous « {lot} »."
    )
    return 0 if given_up else 1


def _check_config(options: argparse.Namespace, console: Console) -> int:
    load(options.config)
    console.print("La configuration est correcte.")
    return 0


def _doctor(options: argparse.Namespace, console: Console) -> int:
    """Print the doctor's findings; 1 when something is wrong."""
    is_well = True
    for finding in doctor.examine(load(options.config), agent.now()):
        is_well = is_well and finding.is_well
        mark = Text("bien", "green") if finding.is_well else Text("à voir", "red")
        advice = "" if finding.is_well else f" : {finding.advice}"
        console.print(mark, f" {finding.subject}{advice}")
    return 0 if is_well else 1


def _rescan(options: argparse.Namespace, console: Console) -> int:
    """Show a request, print its sheet, or say that it cannot be met.

    Returns:
        1 when there is no such request or the sheet cannot be written, 2 for a wrong reason.
    """
    code: str = options.code
    with open_spool(load(options.config)) as spool:
        wanted = code.upper().removeprefix("RESCAN-")
        requests = [
            one
            for one in spool.rescans.open_requests()
            if wanted in (one.code, one.rescan_id.upper())
        ]
        one = requests[0] if len(requests) == 1 and requests[0].rescan_id else None
        if one is None:
            console.print(f"Aucune demande ouverte « {code} ».")
            return 1
        if options.impossible is not None:
            most, reason = forms.MAX_REASON, options.impossible.strip()
            if not forms.is_reason(reason):
                print(
                    f"--impossible attend une raison de {most} caractères au plus.", file=sys.stderr
                )
                return 2
            if not spool.rescans.record_impossible(one.rescan_id, reason):
                console.print(f"La demande {one.code} n'est plus ouverte.")
                return 1
            console.print(f"Demande {one.code} : le centre en sera informé.")
            return 0
    if options.output is not None:
        return _print(one, options.output, console)
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
