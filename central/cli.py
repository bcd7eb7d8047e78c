"""``vaguemestre-central``: the commands of the centre, their arguments and what each does.

Messages for people are French. Exit codes: 0 done, 2 wrong arguments or settings, else the
error's own (central/errors.py).
"""

import argparse
import datetime as dt
import getpass
import signal
import sys
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from central import blobs, processes
from central.accounts import session_store
from central.accounts import store as accounts_store
from central.accounts.rules import ALL, EVERYTHING, Role, is_login, password_problem
from central.accounts.store import NewAccount
from central.config import load
from central.delivery import failure_store
from central.delivery.failure_store import DeliverySelection
from central.errors import CentralError, Forbidden, InputInvalid
from central.lots import store as lots_store
from central.lots.rules import LotCounts, disagreements
from central.monitoring import store as monitoring_store
from central.pack import load_plan
from central.samples import export
from central.samples import store as samples_store
from central.samples.store import SampleFilter
from central.sign_in.credentials import Passwords
from central.telemetry import Telemetry
from central.web import formats
from vaguemestre import pack
from vaguemestre.model.calendar import start_of_day

Command = Callable[[argparse.Namespace, Console], int]
_COUNTS = tuple(LotCounts.__dataclass_fields__)
_DAY_S = 86_400.0


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
    add("intake", "la réception seule", _run_alone)
    add("dispatch", "la distribution seule", _run_alone)
    add("console", "la page de suivi seule", _run_alone)
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
    account = add(
        "person", "crée un compte local ; le mot de passe est lu sur l'entrée", _add_person
    )
    account.add_argument("login", help="identifiant")
    account.add_argument("--name", required=True, help="nom affiché")
    account.add_argument("--role", action="append", required=True, choices=[*Role], help="rôle")
    account.add_argument("--site", action="append", default=[], help="un site, ou « * » : tous")
    account.add_argument("--pole", action="append", default=[], help="un pôle, ou « * » : tous")
    account.add_argument("--skill", action="append", default=[], help="types qu'il traite")
    account.add_argument("--team", default="", help="équipe, pour les rapports")
    account.add_argument("--temporary", action="store_true", help="à changer à la connexion")
    taken = add("samples", "exporte des zones corrigées, pour l'apprentissage", _export_samples)
    taken.add_argument("act", choices=["export"], help="ce qu'il faut faire")
    taken.add_argument("folder", type=Path, metavar="DOSSIER", help="créé, ou vide et en 0700")
    taken.add_argument("--actor", required=True, help="compte actif du rôle supervisor")
    taken.add_argument("--since", type=dt.date.fromisoformat, help="saisis depuis AAAA-MM-JJ")
    taken.add_argument("--type", default="", help="de ce type de document seulement")
    taken.add_argument("--field", default="", help="de ce champ seulement")
    taken.add_argument("--limit", type=int, default=100_000, help="nombre d'échantillons")
    text = "mot de passe provisoire, sans code ni suspension ; lu sur l'entrée"
    reset = add("person-reset", text, _reset_person)
    reset.add_argument("login", help="identifiant")
    add("check-config", "vérifie le fichier de configuration", _check_config)
    return parser


def _serve(options: argparse.Namespace, _: Console) -> int:
    processes.serve(load(options.config), Telemetry("serve"), _stop(), _print_line)
    return 0


def _run_alone(options: argparse.Namespace, _: Console) -> int:
    part: str = options.part
    processes.run_alone(part, load(options.config), Telemetry(part), _stop(), _print_line)
    return 0


def _migrate(options: argparse.Namespace, console: Console) -> int:
    processes.run_migrations(load(options.config))
    console.print("Le schéma de la base est à jour.")
    return 0


def _check_config(options: argparse.Namespace, console: Console) -> int:
    load(options.config)
    console.print("La configuration est correcte.")
    return 0


def _lots(options: argparse.Namespace, console: Console) -> int:
    """Show the newest lots and their four counts; 1 when some disagree."""
    table = Table("Lot", "Site", "Reçu", "Scanner", "Station", "Centre", "Remis", "Écart")
    differ = False
    with processes.opened(load(options.config)) as engine:
        for row in lots_store.list_lots(engine, EVERYTHING, max(1, options.limit)):
            found = disagreements(LotCounts(**{name: row[name] for name in _COUNTS}))
            differ = differ or bool(found)
            table.add_row(
                row["name"],
                row["site"],
                f"{formats.brief(row['received_at'])}",
                _shown(row["announced_pages"]),
                _shown(row["found_pages"]),
                f"{row['stored_documents']} doc.",
                f"{row['delivered_documents']} doc.",
                " ; ".join(found),
            )
    console.print(table)
    return 1 if differ else 0


def _deliveries(options: argparse.Namespace, console: Console) -> int:
    """Show what each destination still has to receive, and the dead letters."""
    with processes.opened(load(options.config)) as engine:
        queue, dead = (
            monitoring_store.delivery_queue(engine, EVERYTHING),
            monitoring_store.dead_letters(engine, EVERYTHING, max(1, options.limit)),
        )
    table = Table("Destination", "En attente", "En cours", "Retenues", "Échecs", "Circuit")
    for row in queue:
        counts = (row[state] for state in ("waiting", "claimed", "held", "dead"))
        table.add_row(row["destination"], *map(str, counts), row["circuit"])
    console.print(table)
    letters = Table("Document en échec", "Destination", "Essais", "Code", "Motif")
    for row in dead:
        letters.add_row(
            str(row["document_id"]),
            row["destination"],
            str(row["attempts"]),
            row["last_code"],
            row["last_reason"],
        )
    if dead:
        console.print(letters)
    return 0


def _replay(options: argparse.Namespace, console: Console) -> int:
    """Try dead letters again; 1 when there were none."""
    if not options.ids and not options.all:
        print("Nommez des documents, ou demandez --all.", file=sys.stderr)
        return 2
    chosen = DeliverySelection(EVERYTHING, options.ids or None, options.destination)
    with processes.opened(load(options.config)) as engine:
        count = failure_store.replay(engine, _actor(), chosen)
    console.print(f"{count} livraison(s) relancée(s).")
    return 0 if count else 1


def _discard(options: argparse.Namespace, console: Console) -> int:
    """Give dead or held deliveries up, but none that a pôle may have; 1 when there were none."""
    chosen = DeliverySelection(EVERYTHING, options.ids)
    with processes.opened(load(options.config)) as engine:
        count = failure_store.discard(engine, _actor(), options.reason, chosen)
        doubted = failure_store.in_doubt(engine, chosen)
    console.print(f"{count} livraison(s) abandonnée(s).")
    for destination, left in doubted.items():
        console.print(f"{left} livraison(s) gardée(s) : peut-être déjà reçue(s) par {destination}.")
    return 0 if count else 1


def account_of(options: Mapping[str, Any], password: str) -> NewAccount:
    """What the command line says of a new account.

    Raises:
        InputInvalid: the login or the password will not do.
    """
    if not is_login(options["login"].lower()):
        raise InputInvalid("identifiant : de 2 à 100 lettres sans accent, chiffres et . _ @ + -")
    if why := password_problem(password, options["login"]):
        raise InputInvalid(why)
    for name, option in (("site", "site"), ("pole", "pôle")):
        if not options[name]:
            raise InputInvalid(f"--{name} : nommez chaque {option}, ou « {ALL} » pour tous")
    return NewAccount(
        login=options["login"],
        name=options["name"],
        roles=options["role"],
        password_hash=Passwords().hash(password),
        must_change_password=options["temporary"],
        sites=options["site"],
        poles=options["pole"],
        skills=options["skill"],
        team=options["team"],
    )


def _add_person(options: argparse.Namespace, console: Console) -> int:
    """Make a local account; its password comes on the standard input."""
    account = account_of(vars(options), _password())
    with processes.opened(load(options.config)) as engine:
        accounts_store.add_account(engine, _actor(), account)
    console.print(f"Compte {account.login} créé.")
    return 0


def _export_samples(options: argparse.Namespace, console: Console) -> int:
    """Write labelled samples into a folder, in the name of somebody who may see mail.

    Raises:
        Forbidden: nobody of that login may.
        InputInvalid: the folder is not empty, or others may read it.
    """
    since = start_of_day(options.since) if options.since else None
    wanted = SampleFilter(since, options.type, options.field, max(1, options.limit))
    config, login, folder = load(options.config), options.actor, options.folder
    kept_s = config.quality.keep_samples_days * _DAY_S
    plan = load_plan(config.console.pack_dir or pack.default_dir())
    with processes.opened(config) as engine:
        person = session_store.find_user(engine, login)
        if person is None or Role.SUPERVISOR not in person.roles:
            raise Forbidden(f"{login} : aucun compte actif de ce nom n'a le rôle « supervisor »")
        export.prepare_folder(folder)
        found = samples_store.select_samples(engine, person, wanted, kept_s, through=_actor())
        written = export.write_samples(folder, found, plan, blobs.open_store(config.blobs))
    console.print(f"{written.samples} échantillon(s) dans {folder}.")
    if written.lost:
        console.print(f"{written.lost} sans image lisible, laissé(s) de côté.")
    return 0


def _reset_person(options: argparse.Namespace, console: Console) -> int:
    """Give a local account a password for once, without its one-time code.

    Raises:
        InputInvalid: the password will not do.
        NotFound: there is no such account.
    """
    login, password = options.login, _password()
    if why := password_problem(password, login):
        raise InputInvalid(why)
    with processes.opened(load(options.config)) as engine:
        accounts_store.reset_password(
            engine, _actor(), login, Passwords().hash(password), and_totp=True
        )
    console.print(f"Compte {login.lower()} : mot de passe à changer à la prochaine connexion.")
    return 0


def _stop() -> threading.Event:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


def _print_line(line: str) -> None:
    """One write a line: parts become ready at the same time, each in its thread."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _password() -> str:
    """The first line of the standard input."""
    return sys.stdin.readline().rstrip("\n")


def _actor() -> str:
    return f"person:{getpass.getuser()}"


def _shown(count: int | None) -> str:
    return "–" if count is None else f"{count} p."
