"""What the centre does with what stations said: its answers, its rows, its packages."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from central.delivery import rules as delivery_rules
from tests.compat import golden, journals, present, returned, samples

_BY_THE_CLOCK = {
    *("stored_at", "state_at", "first_seen_at", "reported_at", "created_at", "next_at"),
    *("heartbeat_at", "connected_at", "at"),
}
_TABLES = ("audit", "blob_sites", "blobs", "deliveries", "documents", "fields", "lots", "pages")
_ROUND_2 = (
    {"name": "nir", "value": None, "check": "failed", "reason": "illegible", "source": "person"},
    {"name": "rpps", "value": None, "check": "failed", "reason": "wrong_on_paper"},
    {"name": "total", "value": "26.50", "check": "none", "accepted": True, "source": "person"},
    {"name": "date_soins", "value": None, "check": "none", "reason": "absent"},
    {"name": "adresse", "value": None, "check": "none"},
)


def files(engine: present.Engine, folder: Path) -> dict[str, str]:
    """All that the centre says, keeps and hands over, by the name of its golden file.

    Args:
        engine: Of a migrated, empty database.
        folder: For images and packages.
    """
    made = {"centre-answers.json": take_in(engine, folder), "centre.rows": rows(engine)}
    claimed = {one.document.lot_name: one for one in present.claims(engine)}
    made |= packages(claimed, folder)
    pole = folder / "pole"
    pole.mkdir()
    present.delivered(claimed["dépôt"], samples.FILES, folder, pole)
    made["delivered.json"] = _text(returned.tree(pole))
    back = folder / "back"
    returned.fill(back)
    made["returns.json"] = _text({"said": present.given_back(back), "left": returned.tree(back)})
    return made


def take_in(engine: present.Engine, folder: Path) -> str:
    """Let stations of each version say all that they have to say; the centre's answers.

    The first time some files are not there yet; then all come, and every document again.
    """
    answers: dict[str, Any] = {}
    for version in journals.VERSIONS:
        said = _said(version)
        stream = present.stream(engine, folder, journals.SITE)
        whole = [present.chunk(samples.SHA256[name], data) for name, data in samples.FILES.items()]
        for name, down in stream.open_with(said.pop("hello")):
            answers[f"{version} {name}"] = journals.told(down)
        again = {f"{name} again": up for name, up in said.items() if name.startswith("document ")}
        files = {f"file {number}": up for number, up in enumerate(whole, 1)}
        for name, up in {**said, **files, **again}.items():
            for number, down in enumerate(stream.take(up)):
                answers[f"{version} {name} {number}"] = journals.told(down)
    answers["a request to scan again"] = journals.told(present.rescan_request())
    return _text(answers)


def _said(version: int) -> dict[str, bytes]:
    kept = json.loads(golden.read(f"journal-{version}.wire.json"))
    return {name: bytes.fromhex(message["bytes"]) for name, message in kept.items()}


def rows(engine: present.Engine) -> str:
    """Every value that came in, a line each: table, key of the row, column, value."""
    return golden.lines(
        line for name in (*_TABLES, "sites", "stations") for line in _values(engine, name)
    )


def _values(engine: present.Engine, name: str) -> Iterator[str]:
    table = present.TABLES.tables[name]
    keys = [column.name for column in table.primary_key]
    with engine.connect() as connection:
        found = connection.execute(table.select().order_by(*table.primary_key)).mappings().all()
    for number, row in enumerate(found, 1):
        key = _json([number if keys == ["id"] and name == "audit" else row[k] for k in keys])
        for column, value in row.items():
            if column not in _BY_THE_CLOCK and (name, column) != ("audit", "id"):
                yield f"{name} {key} {column} {_json(value)}"


def packages(claimed: Mapping[str, delivery_rules.Delivery], folder: Path) -> dict[str, str]:
    """What goes to the applications, of one document in each form."""
    of = claimed["dépôt"]
    again = present.second_round(of, _ROUND_2)
    logical = {"tiers_payant", "signature"}
    made = {}
    for name, delivery, form in (("2", of, "2"), ("1", of, "1"), ("2-again", again, "2")):
        for ending, data in present.package(delivery, samples.FILES, folder, logical, form):
            if ending != "pdf":
                made[f"package-{name}.{ending}"] = data.decode()
    stands_for = {name: present.stands_for(one) for name, one in claimed.items()}
    made["package-content.json"] = _text({**stands_for, "again": present.stands_for(again)})
    return made


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=_plain, sort_keys=True)


def _plain(value: Any) -> str:
    return value.hex() if isinstance(value, bytes | memoryview) else str(value)


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"
