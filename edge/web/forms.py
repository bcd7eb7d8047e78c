"""Sheets that the page prints: what a form asks for, or what is wrong with it.

What the page asks before it acts; pure.
"""

import datetime as dt
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from edge import sheets
from edge.spool.values import LotStatus, Rescan
from edge.web import status
from edge.web.views import Markup, join, tag
from vaguemestre.model.lot import LotHeader

_MOST_COUNTED = 100_000
_MOST_LOT_CHARACTERS = 60


@dataclass(frozen=True, slots=True)
class FormInvalid:
    """What cannot be printed; one French sentence a problem."""

    problems: tuple[str, ...]


def separator_sheets(form: Mapping[str, str]) -> bytes | FormInvalid:
    """Separator sheets."""
    count = _whole(form.get("nombre", ""), sheets.MOST_SHEETS)
    if not count:
        return FormInvalid((f"Demandez de 1 à {sheets.MOST_SHEETS} feuilles.",))
    return sheets.separator_sheets_pdf(count)


def header_sheet(form: Mapping[str, str], types: Collection[str]) -> bytes | FormInvalid:
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
        return FormInvalid(tuple(wrong))
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
        return FormInvalid(
            ("Une valeur ne peut pas être imprimée. Utilisez des lettres et des chiffres.",)
        )


def sheets_page(types: Collection[str], fund: str) -> Markup:
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


_WHY_IMPOSSIBLE = (
    "Le papier a été détruit.",
    "Le papier a été rendu à l'assuré.",
    "Le papier est introuvable.",
    "L'original est lui-même illisible.",
)
MAX_REASON = 300
_SHORTEST_REASON = 3


def is_reason(text: str) -> bool:
    """Whether a person wrote something that another can read."""
    return _SHORTEST_REASON <= len(text) <= MAX_REASON and all(map(_is_written, text))


def _is_written(letter: str) -> bool:
    """A space that does not break, as French wants it before two dots, is no control character."""
    return letter.isprintable() or unicodedata.category(letter) == "Zs"


def confirm_closing(lot: LotStatus, token: str) -> Markup:
    """Ask before a lot goes as it is: nothing takes that back."""
    return tag(
        "section",
        tag("h2", f"Clôturer le lot {lot.name} ?"),
        tag("p", f"Compté : {' '.join(status.announced_text(lot))}."),
        tag(
            "p",
            "Le lot part tel quel et le centre voit l'écart. On ne peut pas revenir en arrière.",
        ),
        tag(
            "form",
            _hidden("source", lot.source),
            _hidden("lot", lot.id or lot.name),
            _hidden("jeton", token),
            tag("button", "Clôturer tel quel", type="submit", class_="primary"),
            tag("a", "Annuler", href="/", class_="button"),
            method="post",
            action="/cloturer",
        ),
        class_="narrow",
    )


def ask_why_impossible(rescan: Rescan, token: str, *, typed: str = "", wrong: str = "") -> Markup:
    """Ask why a document cannot be scanned again."""
    error = tag("p", wrong, id="erreur", class_="wrong", role="alert") if wrong else Markup("")
    return tag(
        "section",
        tag("h2", f"Demande {rescan.code} : numérisation impossible"),
        tag("p", f"Lot d'origine : {rescan.lot_name}. Motif de la demande : {rescan.reason}"),
        tag("p", status.sheet_of(rescan)),
        tag("p", "Le document retournera à une personne du centre, qui lira votre raison."),
        tag(
            "form",
            _hidden("demande", rescan.rescan_id),
            _hidden("jeton", token),
            tag("label", "Pourquoi est-ce impossible ?", for_="raison"),
            tag(
                "input",
                id="raison",
                name="raison",
                value=typed,
                required=True,
                maxlength=MAX_REASON,
                list="raisons",
                autocomplete="off",
                autofocus=True,
                aria_describedby="erreur" if wrong else None,
                aria_invalid="true" if wrong else None,
            ),
            error,
            tag("datalist", *(tag("option", value=why) for why in _WHY_IMPOSSIBLE), id="raisons"),
            tag("button", "Signaler comme impossible", type="submit", class_="primary"),
            tag("a", "Annuler", href="/", class_="button"),
            method="post",
            action="/numerisation/impossible",
        ),
        class_="narrow",
    )


def confirm_done(rescan: Rescan, token: str) -> Markup:
    """For a request without an id: the centre cannot know by itself that it was met."""
    return tag(
        "section",
        tag("h2", "La nouvelle numérisation est faite ?"),
        tag("p", f"Lot d'origine : {rescan.lot_name}. Motif de la demande : {rescan.reason}"),
        tag(
            "form",
            _hidden("demande", rescan.document_id),
            _hidden("jeton", token),
            tag("button", "C'est fait", type="submit", class_="primary", autofocus=True),
            tag("a", "Annuler", href="/", class_="button"),
            method="post",
            action="/numerisation/faite",
        ),
        class_="narrow",
    )


def _hidden(name: str, value: str) -> Markup:
    return tag("input", type="hidden", name=name, value=value)
