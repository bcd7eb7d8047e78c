"""What the commands of ``vaguemestre-central`` do, once their arguments are parsed."""

import getpass
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from central import apps, blobs, export, pack
from central.config import CentralConfig
from central.console import formats
from central.console.passwords import Passwords
from central.domain.access import ALL, Role, is_login
from central.domain.counting import LotCounts, disagreements
from central.domain.password_rule import fault
from central.errors import Forbidden, InputInvalid
from central.store import accounts, board, lot_counts, people, samples, stuck, upkeep
from central.store.accounts import NewAccount
from central.store.samples import Wanted
from central.store.upkeep import Chosen
from vaguemestre import pack as vaguemestre_pack

_COUNTS = tuple(LotCounts.__dataclass_fields__)
_DAY_S = 86_400.0


def lots(config: CentralConfig, limit: int, console: Console) -> int:
    """Show the newest lots and their four counts; 1 when some disagree."""
    table = Table("Lot", "Site", "Reçu", "Scanner", "Station", "Centre", "Remis", "Écart")
    differ = False
    with apps.opened(config) as engine:
        for row in lot_counts.newest(engine, limit):
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
    with apps.opened(config) as engine:
        queue, dead = board.delivery_queue(engine), board.dead_letters(engine, limit)
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
    with apps.opened(config) as engine:
        count = upkeep.replay(engine, _actor(), ids or None, destination)
    console.print(f"{count} livraison(s) relancée(s).")
    return 0 if count else 1


def discard(config: CentralConfig, ids: Sequence[uuid.UUID], why: str, console: Console) -> int:
    """Give dead or held deliveries up, but none that a pôle may have; 1 when there were none."""
    with apps.opened(config) as engine:
        count = upkeep.discard(engine, _actor(), why, ids)
        doubted = stuck.in_doubt(engine, Chosen(ids))
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
    if why := fault(password, options["login"]):
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
    with apps.opened(config) as engine:
        accounts.add(engine, _actor(), account)
    console.print(f"Compte {account.login} créé.")
    return 0


def export_samples(
    config: CentralConfig, login: str, folder: Path, wanted: Wanted, console: Console
) -> int:
    """Write labelled samples into a folder, in the name of somebody who may see mail.

    Raises:
        Forbidden: nobody of that login may.
        InputInvalid: the folder is not empty, or others may read it.
    """
    kept_s = config.quality.keep_samples_days * _DAY_S
    catalogue = pack.load(config.console.pack_dir or vaguemestre_pack.default_dir())
    with apps.opened(config) as engine:
        person = people.find(engine, login)
        if person is None or Role.SUPERVISOR not in person.roles:
            raise Forbidden(f"{login} : aucun compte actif de ce nom n'a le rôle « supervisor »")
        export.prepare(folder)
        found = samples.select(engine, person, wanted, kept_s, through=_actor())
        written = export.write(folder, found, catalogue, blobs.open_store(config.blobs))
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
    if why := fault(password, login):
        raise InputInvalid(why)
    with apps.opened(config) as engine:
        accounts.reset(engine, _actor(), login, Passwords().hash(password), and_totp=True)
    console.print(f"Compte {login.lower()} : mot de passe à changer à la prochaine connexion.")
    return 0


def _actor() -> str:
    return f"person:{getpass.getuser()}"


def _shown(count: int | None) -> str:
    return "–" if count is None else f"{count} p."
