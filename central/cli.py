"""What the commands of ``vaguemestre-central`` do, once their arguments are parsed."""

import getpass
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from central import blobs, processes
from central.accounts import session_store
from central.accounts import store as accounts_store
from central.accounts.rules import ALL, EVERYTHING, Role, is_login, password_problem
from central.accounts.store import NewAccount
from central.config import CentralConfig
from central.delivery import failure_store
from central.delivery.failure_store import DeliverySelection
from central.errors import Forbidden, InputInvalid
from central.lots import store as lots_store
from central.lots.rules import LotCounts, disagreements
from central.monitoring import store as monitoring_store
from central.pack import load_plan
from central.samples import export
from central.samples import store as samples_store
from central.samples.store import SampleFilter
from central.sign_in.credentials import Passwords
from central.web import formats
from vaguemestre import pack

_COUNTS = tuple(LotCounts.__dataclass_fields__)
_DAY_S = 86_400.0


def lots(config: CentralConfig, limit: int, console: Console) -> int:
    """Show the newest lots and their four counts; 1 when some disagree."""
    table = Table("Lot", "Site", "Reçu", "Scanner", "Station", "Centre", "Remis", "Écart")
    differ = False
    with processes.opened(config) as engine:
        for row in lots_store.list_lots(engine, EVERYTHING, limit):
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


def deliveries(config: CentralConfig, limit: int, console: Console) -> int:
    """Show what each destination still has to receive, and the dead letters."""
    with processes.opened(config) as engine:
        queue, dead = (
            monitoring_store.delivery_queue(engine, EVERYTHING),
            monitoring_store.dead_letters(engine, EVERYTHING, limit),
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


def replay(
    config: CentralConfig, ids: Sequence[uuid.UUID], destination: str | None, console: Console
) -> int:
    """Try dead letters again; 1 when there were none."""
    with processes.opened(config) as engine:
        count = failure_store.replay(engine, _actor(), ids or None, destination)
    console.print(f"{count} livraison(s) relancée(s).")
    return 0 if count else 1


def discard(config: CentralConfig, ids: Sequence[uuid.UUID], why: str, console: Console) -> int:
    """Give dead or held deliveries up, but none that a pôle may have; 1 when there were none."""
    with processes.opened(config) as engine:
        count = failure_store.discard(engine, _actor(), why, ids)
        doubted = failure_store.in_doubt(engine, DeliverySelection(EVERYTHING, ids))
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


def add_person(config: CentralConfig, account: NewAccount, console: Console) -> int:
    """Make a local account."""
    with processes.opened(config) as engine:
        accounts_store.add_account(engine, _actor(), account)
    console.print(f"Compte {account.login} créé.")
    return 0


def export_samples(
    config: CentralConfig, login: str, folder: Path, wanted: SampleFilter, console: Console
) -> int:
    """Write labelled samples into a folder, in the name of somebody who may see mail.

    Raises:
        Forbidden: nobody of that login may.
        InputInvalid: the folder is not empty, or others may read it.
    """
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


def reset_person(config: CentralConfig, login: str, password: str, console: Console) -> int:
    """Give a local account a password for once, without its one-time code.

    Raises:
        InputInvalid: the password will not do.
        NotFound: there is no such account.
    """
    if why := password_problem(password, login):
        raise InputInvalid(why)
    with processes.opened(config) as engine:
        accounts_store.reset_password(
            engine, _actor(), login, Passwords().hash(password), and_totp=True
        )
    console.print(f"Compte {login.lower()} : mot de passe à changer à la prochaine connexion.")
    return 0


def _actor() -> str:
    return f"person:{getpass.getuser()}"


def _shown(count: int | None) -> str:
    return "–" if count is None else f"{count} p."
