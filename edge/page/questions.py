"""What the page asks before it acts; pure."""

import unicodedata

from edge.page import words
from edge.page.markup import Markup, tag
from edge.spool.values import LotView, Rescan

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


def confirm_closing(lot: LotView, token: str) -> Markup:
    """Ask before a lot goes as it is: nothing takes that back."""
    return tag(
        "section",
        tag("h2", f"Clôturer le lot {lot.name} ?"),
        tag("p", f"Compté : {' '.join(words.announced(lot))}."),
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
        tag("p", words.sheet_of(rescan)),
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
