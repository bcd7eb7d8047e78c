"""``vaguemestre-central``: the centre's command line.

Messages for people are French. Exit codes: 0 done, 2 wrong arguments or settings, else the
error's own (central/errors.py).
"""

import argparse
import datetime as dt
import signal
import sys
import threading
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console

from central import cli, processes
from central.accounts.rules import Role
from central.config import load
from central.errors import CentralError
from central.samples.store import SampleFilter
from central.telemetry import Telemetry
from vaguemestre.model.calendar import start_of_day

Command = Callable[[argparse.Namespace, Console], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code."""
    options = _parser().parse_args(arguments)
    command: Command = options.command
    try:
        return command(options, Console(markup=False))
    except CentralError as error:
        print(error.reason, file=sys.stderr)
        if str(error) != error.reason:
            print(str(error), file=sys.stderr)
        if error.hint:
            print(error.hint, file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="vaguemestre-central", description="Serveur central de Vaguemestre."
    )
    commands_of = parser.add_subparsers(required=True, metavar="COMMANDE")

    def add(name: str, text: str, command: Command) -> argparse.ArgumentParser:
        sub = commands_of.add_parser(name, help=text, description=text)
        sub.set_defaults(command=command, part=name)
        sub.add_argument("--config", type=Path, required=True, help="fichier du centre")
        return sub

    add("serve", "réception, distribution et suivi dans un seul processus", _serve)
    add("intake", "la réception seule", _alone)
    add("dispatch", "la distribution seule", _alone)
    add("console", "la page de suivi seule", _alone)
    add("migrate", "met le schéma de la base à jour", _migrate)
    lots = add("lots", "montre les lots et leurs comptes ; 1 s'ils divergent", _lots)
    lots.add_argument("--limit", type=int, default=40, help="nombre de lots")
    pending = add("deliveries", "montre les livraisons en attente et en échec", _deliveries)
    pending.add_argument("--limit", type=int, default=50, help="nombre d'échecs")
    replay = add("replay", "relance des livraisons en échec", _replay)
    replay.add_argument("ids", type=uuid.UUID, nargs="*", metavar="DOCUMENT")
    replay.add_argument("--all", action="store_true", help="tous les documents en échec")
    replay.add_argument("--destination", help="vers cette destination seulement")
    discard = add("discard", "abandonne des livraisons en échec ou retenues", _discard)
    discard.add_argument("ids", type=uuid.UUID, nargs="+", metavar="DOCUMENT")
    discard.add_argument("--reason", required=True, help="motif, gardé au journal d'audit")
    account = add("person", "crée un compte local ; le mot de passe est lu sur l'entrée", _person)
    account.add_argument("login", help="identifiant")
    account.add_argument("--name", required=True, help="nom affiché")
    account.add_argument("--role", action="append", required=True, choices=[*Role], help="rôle")
    account.add_argument("--site", action="append", default=[], help="un site, ou « * » : tous")
    account.add_argument("--pole", action="append", default=[], help="un pôle, ou « * » : tous")
    account.add_argument("--skill", action="append", default=[], help="types qu'il traite")
    account.add_argument("--team", default="", help="équipe, pour les rapports")
    account.add_argument("--temporary", action="store_true", help="à changer à la connexion")
    taken = add("samples", "exporte des zones corrigées, pour l'apprentissage", _samples)
    taken.add_argument("act", choices=["export"], help="ce qu'il faut faire")
    taken.add_argument("folder", type=Path, metavar="DOSSIER", help="créé, ou vide et en 0700")
    taken.add_argument("--actor", required=True, help="compte actif du rôle supervisor")
    taken.add_argument("--since", type=dt.date.fromisoformat, help="saisis depuis AAAA-MM-JJ")
    taken.add_argument("--type", default="", help="de ce type de document seulement")
    taken.add_argument("--field", default="", help="de ce champ seulement")
    taken.add_argument("--limit", type=int, default=100_000, help="nombre d'échantillons")
    text = "mot de passe provisoire, sans code ni suspension ; lu sur l'entrée"
    reset = add("person-reset", text, _person_reset)
    reset.add_argument("login", help="identifiant")
    add("check-config", "vérifie le fichier de configuration", _check_config)
    return parser


def _stop() -> threading.Event:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


def _told(line: str) -> None:
    """One write a line: parts become ready at the same time, each in its thread."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _serve(options: argparse.Namespace, _: Console) -> int:
    processes.serve(load(options.config), Telemetry("serve"), _stop(), _told)
    return 0


def _alone(options: argparse.Namespace, _: Console) -> int:
    part: str = options.part
    processes.run_alone(part, load(options.config), Telemetry(part), _stop(), _told)
    return 0


def _migrate(options: argparse.Namespace, console: Console) -> int:
    processes.run_migrations(load(options.config))
    console.print("Le schéma de la base est à jour.")
    return 0


def _lots(options: argparse.Namespace, console: Console) -> int:
    return cli.lots(load(options.config), max(1, options.limit), console)


def _deliveries(options: argparse.Namespace, console: Console) -> int:
    return cli.deliveries(load(options.config), max(1, options.limit), console)


def _replay(options: argparse.Namespace, console: Console) -> int:
    if not options.ids and not options.all:
        print("Nommez des documents, ou demandez --all.", file=sys.stderr)
        return 2
    return cli.replay(load(options.config), options.ids, options.destination, console)


def _discard(options: argparse.Namespace, console: Console) -> int:
    return cli.discard(load(options.config), options.ids, options.reason, console)


def _person(options: argparse.Namespace, console: Console) -> int:
    account = cli.account_of(vars(options), sys.stdin.readline().rstrip("\n"))
    return cli.add_person(load(options.config), account, console)


def _samples(options: argparse.Namespace, console: Console) -> int:
    since = start_of_day(options.since) if options.since else None
    wanted = SampleFilter(since, options.type, options.field, max(1, options.limit))
    config = load(options.config)
    return cli.export_samples(config, options.actor, options.folder, wanted, console)


def _person_reset(options: argparse.Namespace, console: Console) -> int:
    password = sys.stdin.readline().rstrip("\n")
    return cli.reset_person(load(options.config), options.login, password, console)


def _check_config(options: argparse.Namespace, console: Console) -> int:
    load(options.config)
    console.print("La configuration est correcte.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
