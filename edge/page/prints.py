"""Sheets that the page prints: what a form asks for, or what is wrong with it."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from edge import sheets
from edge.page.markup import Markup, join, tag
from vaguemestre.model.lot import LotHeader

_MOST_COUNTED = 100_000
_MOST_LOT_CHARACTERS = 60


@dataclass(frozen=True, slots=True)
class Wrong:
    """What cannot be printed; one French sentence a problem."""

    problems: tuple[str, ...]


def separators(form: Mapping[str, str]) -> bytes | Wrong:
    """Separator sheets."""
    count = _whole(form.get("nombre", ""), sheets.MOST_SHEETS)
    if not count:
        return Wrong((f"Demandez de 1 à {sheets.MOST_SHEETS} feuilles.",))
    return sheets.separator_sheets_pdf(count)


def header(form: Mapping[str, str], types: Collection[str]) -> bytes | Wrong:
    """A lot's header sheet.

    Args:
        form: What was typed.
        types: That the plan knows.
    """
    wrong: list[str] = []
    process, kind, lot = form.get("processus", ""), form.get("type", ""), form.get("lot", "")
    if process and process not in sheets.PROCESSES:
        wrong.append(f"Le processus est l'un de : {', '.join(sheets.PROCESSES)}.")
    if kind and kind not in types:
        wrong.append("Ce type de document n'est pas au référentiel.")
    if len(lot) > _MOST_LOT_CHARACTERS or not lot.isprintable():
        wrong.append(f"Le nom du lot a {_MOST_LOT_CHARACTERS} caractères au plus.")
    day = None
    if text := form.get("recu", ""):
        try:
            day = dt.date.fromisoformat(text)
        except ValueError:
            wrong.append("La date de réception est incorrecte.")
    counts = {}
    for name, words in (("documents", "nombre de documents"), ("pages", "nombre de pages")):
        if text := form.get(name, ""):
            counts[name] = _whole(text, _MOST_COUNTED)
            if not counts[name]:
                wrong.append(f"Le {words} est un nombre entier de 1 à {_MOST_COUNTED}.")
    if wrong:
        return Wrong(tuple(wrong))
    wanted = LotHeader(
        process=process,
        fund=form.get("caisse", ""),
        received_on=day,
        expected_type=kind,
        expected_documents=counts.get("documents"),
        pages_each=counts.get("pages"),
        priority=int(form.get("urgent") == "oui"),
        original_seen=form.get("original") == "oui",
    )
    try:
        return sheets.header_sheet_pdf(wanted, lot)
    except ValueError:
        return Wrong(
            ("Une valeur ne peut pas être imprimée. Utilisez des lettres et des chiffres.",)
        )


def forms(types: Collection[str], fund: str) -> Markup:
    """The page on which sheets are asked for."""
    kinds = join([tag("option", kind, value=kind) for kind in sorted(types)])
    processes = join([tag("option", name, value=name) for name in sheets.PROCESSES])
    none = tag("option", "–", value="")
    return tag(
        "div",
        tag(
            "section",
            tag("h2", "Feuilles de séparation"),
            tag("p", "Une avant chaque nouveau document. Papier blanc, échelle 100 %."),
            _form(
                "/feuilles/separateurs.pdf",
                [
                    _field(
                        "Nombre de feuilles",
                        "nombre",
                        type="number",
                        value="20",
                        min="1",
                        max=str(sheets.MOST_SHEETS),
                        required=True,
                    )
                ],
            ),
        ),
        tag(
            "section",
            tag("h2", "Feuille d'en-tête de lot"),
            tag("p", "En premier dans le lot : elle annonce ce qu'il contient."),
            _form(
                "/feuilles/entete.pdf",
                [
                    _field("Nom du lot", "lot", maxlength=str(_MOST_LOT_CHARACTERS)),
                    _select("Processus", "processus", [none, processes]),
                    _field("Caisse", "caisse", value=fund, maxlength="3", pattern="[0-9AB]{2,3}"),
                    _field("Reçu le", "recu", type="date"),
                    _select("Type attendu", "type", [none, kinds]),
                    _field("Documents attendus", "documents", type="number", min="1"),
                    _field("Pages par document", "pages", type="number", min="1"),
                    _tick("Urgent", "urgent"),
                    _tick("Original vu", "original"),
                ],
            ),
        ),
        class_="sheets",
    )


def _form(action: str, fields: Sequence[Markup]) -> Markup:
    button = tag("button", "Préparer le PDF", type="submit", class_="primary")
    return tag(
        "form", *fields, button, action=action, method="get", target="_blank", rel="noopener"
    )


def _field(label: str, name: str, **attributes: object) -> Markup:
    box = tag("input", id=name, name=name, autocomplete="off", **attributes)
    return tag("p", tag("label", label, for_=name), box)


def _select(label: str, name: str, options: Sequence[Markup]) -> Markup:
    return tag("p", tag("label", label, for_=name), tag("select", *options, id=name, name=name))


def _tick(label: str, name: str) -> Markup:
    box = tag("input", id=name, name=name, type="checkbox", value="oui")
    return tag("p", tag("label", label, for_=name), box)


def _whole(text: str, most: int) -> int:
    """A whole number from 1 to ``most``; 0 for anything else."""
    is_short_number = text.isascii() and text.isdecimal() and len(text) <= len(str(most))
    number = int(text) if is_short_number else 0
    return number if number <= most else 0
