"""Hold what arrived against the truth that was drawn beside the lots."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.training.drawing.lots import TrueDocument, TrueLot

_WAITING = ("to_name", "to_key")
_STRAIGHT_AT_LEAST = 2 / 3


@dataclass(frozen=True, slots=True)
class Values:
    """Values written on the sheets that were delivered as accepted, and those that are wrong."""

    right: int
    wrong: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """``problems`` is empty when everything that went in is accounted for and as drawn."""

    problems: tuple[str, ...]
    documents: int
    straight: int
    values: Values


def load_truth(folder: Path) -> tuple[TrueLot, ...]:
    """Read ``truth.json`` beside drawn lots."""
    told = json.loads((folder / "truth.json").read_text("utf-8"))
    return tuple(
        TrueLot(lot["name"], lot["pages"], tuple(TrueDocument(**one) for one in lot["documents"]))
        for lot in told
    )


def is_settled(
    truth: Sequence[TrueLot], lots: Sequence[Mapping[str, Any]], documents: Sequence[dict[str, Any]]
) -> bool:
    """Whether every lot was reported on and no document is under way any more."""
    reported = {lot["name"] for lot in lots if lot["state"] != "arriving"}
    return all(lot.name in reported for lot in truth) and all(
        document["state"] != "ready" for document in documents
    )


def check(
    truth: Sequence[TrueLot],
    lots: Sequence[Mapping[str, Any]],
    documents: Sequence[Mapping[str, Any]],
    poles: Path,
) -> Verdict:
    """Compare, lot by lot and document by document.

    Args:
        truth: What was drawn.
        lots: The board's, with their counts.
        documents: The board's.
        poles: Folder of the pôles' folders.
    """
    problems: list[str] = []
    straight = count = right = 0
    wrong: list[str] = []
    for lot in truth:
        found = [row for row in lots if row["name"] == lot.name]
        if len(found) != 1:
            problems.append(f"{lot.name} : arrivé {len(found)} fois")
            continue
        problems += _counts(lot, found[0])
        came = sorted(
            (row for row in documents if row["lot_id"] == found[0]["id"]),
            key=lambda row: int(row["position"]),
        )
        if len(came) != len(lot.documents):
            problems.append(f"{lot.name} : {len(came)} documents au lieu de {len(lot.documents)}")
        for true, row in zip(lot.documents, came, strict=False):
            count += 1
            straight += row["route"] == "straight"
            where = f"{lot.name} document {int(row['position']) + 1}"
            problems += _document(where, true, row)
            if row["state"] == "delivered":
                values = _values(where, true, row, poles)
                right += values.right
                wrong += values.wrong
    if count and straight < _STRAIGHT_AT_LEAST * count:
        problems.append(
            f"{straight} documents sur {count} sans intervention, il en faut deux tiers"
        )
    problems += [f"valeur livrée fausse : {one}" for one in wrong]
    return Verdict(tuple(problems), count, straight, Values(right, tuple(wrong)))


def _counts(lot: TrueLot, row: Mapping[str, Any]) -> list[str]:
    problems = [f"{lot.name} : {text}" for text in row["disagreements"]]
    if row["found_pages"] != lot.pages:
        problems.append(f"{lot.name} : {row['found_pages']} pages comptées, {lot.pages} déposées")
    if row["set_aside"]:
        problems.append(f"{lot.name} : {row['set_aside']} page(s) écartée(s)")
    return problems


def _document(where: str, true: TrueDocument, row: Mapping[str, Any]) -> list[str]:
    problems = [
        f"{where} : {name} {row[key]} au lieu de {wanted}"
        for name, key, wanted in (
            ("type", "type", true.type),
            ("pôle", "pole", true.pole),
            ("pages", "page_count", true.pages),
        )
        if row[key] != wanted
    ]
    wanted_state = "delivered" if row["route"] == "straight" else _WAITING
    if row["state"] not in wanted_state:
        problems.append(f"{where} : {row['state']}")
    return problems


def _values(where: str, true: TrueDocument, row: Mapping[str, Any], poles: Path) -> Values:
    packages = list((poles / row["destination"]).glob(f"{row['id']}-*/{row['id']}.json"))
    if len(packages) != 1:
        return Values(0, (f"{where} : remis {len(packages)} fois",))
    right, wrong = 0, []
    for field in json.loads(packages[0].read_text("utf-8"))["fields"]:
        name = field["name"]
        value = _plain(field["value"])
        if not field["accepted"] or (name not in true.values and value == "false"):
            continue
        # A block's lines are delivered as one; what nobody wrote is as wrong as a misread value.
        if " ".join(true.values.get(name, "").split()) == value:
            right += 1
        else:
            wrong.append(f"{where} : {name}")
    return Values(right, tuple(wrong))


def _plain(value: str | bool | None) -> str | None:
    """Write a tick as the drawn sheets' truth does."""
    return str(value).lower() if isinstance(value, bool) else value
