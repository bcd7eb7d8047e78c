"""Make HTML in which nothing that a file was called can become markup; pure.

The pages of the station as HTML; pure but for the template, which is read once.

Every text goes through ``views.tag``. The part that changes lies in ``#live`` and is fetched
again every few seconds; elements that can be focused there carry a ``data-key`` that stays.
"""

from collections.abc import Sequence
from html import escape
from pathlib import Path
from string import Template
from urllib.parse import urlencode

from edge.spool.values import LotStatus, OperatorState, Rescan
from edge.web import status
from edge.web.status import StationStatus


class Markup(str):
    """HTML that was made here."""

    __slots__ = ()


def text(value: object) -> Markup:
    """Whatever it is, as text; what is markup already stays."""
    return value if isinstance(value, Markup) else Markup(escape(str(value), quote=False))


def join(parts: "list[Markup] | tuple[Markup, ...]") -> Markup:
    """Several pieces, one after the other."""
    return Markup("".join(parts))


_VOID = frozenset({"input", "meta", "link", "img", "br"})


def tag(name: str, /, *content: object, **attributes: object) -> Markup:
    """An element.

    Args:
        name: Of the element.
        *content: Text, escaped, or markup.
        **attributes: Their values are escaped; ``None`` and False leave one out, True gives it
            alone. A trailing underscore is dropped and others become hyphens: ``class_``,
            ``aria_label``.
    """
    told = "".join(
        f" {key.rstrip('_').replace('_', '-')}"
        + ("" if value is True else f'="{escape(str(value))}"')
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    if name in _VOID:
        return Markup(f"<{name}{told}>")
    inner = "".join(text(part) for part in content)
    return Markup(f"<{name}{told}>{inner}</{name}>")


_HERE = Path(__file__).parent
_TEMPLATE = Template((_HERE / "templates" / "page.html").read_text("utf-8"))
_LOTS_SHOWN, _ASIDE_SHOWN = 100, 100
_OF = " de la demande"
_STATE_CLASS = {
    OperatorState.RUNNING: "running",
    OperatorState.INCOMPLETE: "warn",
    OperatorState.DONE: "good",
    OperatorState.ERROR: "bad",
}


def whole_page(
    title: str, station: str, main: Markup, *, message: str = "", here: str = ""
) -> bytes:
    """A whole page.

    Args:
        title: Of the window and of the page's heading.
        station: Site and station.
        main: What the page is about.
        message: What an act has just done.
        here: The entry of the menu that this is.
    """
    told = tag("p", message, class_="message", role="status") if message else Markup("")
    return _TEMPLATE.substitute(
        title=tag("title", f"{title} · Vaguemestre"),
        station=tag("p", station),
        menu=join(
            [
                tag("a", name, href=href, aria_current="page" if href == here else None)
                for name, href in (("Mes lots", "/"), ("Feuilles à imprimer", "/feuilles"))
            ]
        ),
        message=told,
        main=main,
    ).encode("utf-8", "replace")


def overview_page(now: StationStatus) -> Markup:
    """What an operator wants to know at a glance."""
    top = tag("div", _cards(now), _troubles(now), id="top")
    return tag("div", top, _lots(now), _rescans(now), _aside(now), id="live", class_="overview")


def message_page(heading: str, text: str) -> Markup:
    """A page that only says something, as an error does."""
    return tag(
        "section",
        tag("h2", heading),
        tag("p", text),
        tag("p", tag("a", "Retour à mes lots", href="/", class_="button")),
        class_="narrow",
    )


def _cards(now: StationStatus) -> Markup:
    pace, usage = now.standing.pages_per_minute, now.usage
    cards = (
        ("Liaison", status.link_text(now), Markup("")),
        ("Documents à envoyer", status.backlog_text(now), Markup("")),
        ("Lecture", status.rate_text(now), _bar("Lecture", pace, now.rated_pages_per_minute)),
        ("Disque", status.disk_text(now), _bar("Place prise", usage.used, usage.max_bytes)),
    )
    return tag(
        "ul",
        *(
            tag(
                "li",
                tag("span", name),
                tag("strong", value),
                bar,
                tag("small", detail),
                class_="card" if is_well else "card bad",
            )
            for name, (value, detail, is_well), bar in cards
        ),
        id="cards",
        aria_label="État de la station",
    )


def _bar(label: str, value: float, most: float) -> Markup:
    """A part of what is possible; nothing when that is not known."""
    if not most:
        return Markup("")
    return tag("progress", value=min(value, most), max=most, aria_label=label)


def _troubles(now: StationStatus) -> Markup:
    stalled = [status.stalled(one, now.now) for one in now.standing.stalled]
    absent = [(f"Dossier {one.name}", one.reason) for one in now.sources if one.reason]
    if not stalled and not absent:
        return Markup("")
    lines = (tag("li", tag("b", f"{name} : "), what) for name, what in [*stalled, *absent])
    return tag("ul", *lines, id="troubles", aria_label="Difficultés de la station")


def _table(
    name: str,
    title: str,
    heads: Sequence[str],
    rows: Sequence[Markup],
    empty: str,
    more: int = 0,
    needing: int = 0,
) -> Markup:
    """A section with a table that scrolls by itself; keyboards reach what scrolls."""
    if not rows:
        body = tag("p", empty, class_="empty")
    else:
        head = tag("tr", *(tag("th", text, scope="col") for text in heads))
        body = tag(
            "div",
            tag("table", tag("thead", head), tag("tbody", *rows)),
            class_="scroll",
            tabindex="0",
            role="region",
            aria_labelledby=f"{name}-titre",
            data_key=name,
        )
    beyond = f"Et {status.number(more)} de plus{_of_which(needing)}."
    rest = tag("p", beyond, class_="more") if more > 0 else Markup("")
    return tag("section", tag("h2", title, id=f"{name}-titre"), body, rest, id=name)


def _of_which(needing: int) -> str:
    return f", dont {status.number(needing)} à traiter" if needing else ""


def _lots(now: StationStatus) -> Markup:
    shown = max(_LOTS_SHOWN, now.needing)  # what needs somebody is never cut off
    rows = [_lot(lot, now) for lot in now.lots[:shown]]
    heads = ("Lot", "État", "Annoncé", "Fichiers", "Pages lues", "Envoyés", "Reçus", "Action")
    more = max(0, len(now.lots) - shown) + now.hidden.needing + now.hidden.others
    return _table(
        "lots", "Mes lots", heads, rows, "Aucun lot pour le moment.", more, now.hidden.needing
    )


def _lot(lot: LotStatus, now: StationStatus) -> Markup:
    since = status.moment(lot.received_at, now.now)
    where = f"{lot.source} · {since}" if len(now.sources) > 1 else since
    count, unit = status.announced_text(lot)
    act: Markup | str = ""
    if lot.shown is OperatorState.INCOMPLETE:
        query = urlencode({"source": lot.source, "lot": lot.id or lot.name})
        act = tag(
            "a",
            "Clôturer",
            tag("span", f" le lot {lot.name}", class_="hidden"),
            href=f"/cloturer?{query}",
            class_="button",
            data_key=f"clore {lot.source} {lot.id or lot.name}",
        )
    return tag(
        "tr",
        tag(
            "th",
            tag("span", lot.name, class_="name", title=lot.name),
            tag("small", f"{where} – {status.advice_text(lot)}"),
            scope="row",
        ),
        tag("td", tag("span", lot.shown.value, class_=f"state {_STATE_CLASS[lot.shown]}")),
        tag("td", count, tag("small", unit) if unit else "", class_="n"),
        tag("td", status.scanned_text(lot), class_="n"),
        tag("td", status.read_text(lot), class_="n"),
        tag("td", status.of_documents(lot, lot.sent), class_="n"),
        tag("td", status.of_documents(lot, lot.acknowledged), class_="n"),
        tag("td", act),
    )


def _rescans(now: StationStatus) -> Markup:
    items = [_rescan(one, now) for one in now.rescans]
    body = tag("ul", *items) if items else tag("p", "Aucune demande du centre.", class_="empty")
    count = f" ({status.number(len(items))})" if items else ""
    title = tag("h2", f"À numériser de nouveau{count}", id="rescans-titre")
    scroll = tag(
        "div",
        body,
        class_="scroll",
        tabindex="0" if items else None,
        role="region" if items else None,
        aria_labelledby="rescans-titre" if items else None,
        data_key="rescans",
    )
    return tag("section", title, scroll, id="rescans")


def _rescan(one: Rescan, now: StationStatus) -> Markup:
    asked = f"{one.lot_name}, demandé à {status.moment(one.asked_at, now.now)}"
    lines: list[Markup] = [tag("strong", one.reason), tag("small", asked)]
    if sheet := status.sheet_of(one):
        lines.insert(1, tag("span", sheet, class_="sheet"))
    if one.sheet.picture:
        query = urlencode({"demande": one.rescan_id})
        address = f"/numerisation/image.jpg?{query}"
        lines.insert(0, tag("img", src=address, alt=f"La page à retrouver : {sheet}", width="92"))
    standing = status.standing_of(one)
    is_open = not one.impossible and not one.scanned
    if not one.rescan_id:
        query = urlencode({"demande": one.document_id})
        done = tag("a", "C'est fait", href=f"/numerisation/faite?{query}", class_="button")
        return tag("li", *lines, tag("p", done))
    if not is_open:
        return tag("li", *lines, tag("p", standing, class_="state good"))
    query = urlencode({"demande": one.rescan_id})
    acts = tag(
        "p",
        tag(
            "a",
            "Imprimer la feuille",
            tag("span", f"{_OF} {one.code}, PDF dans un nouvel onglet", class_="hidden"),
            href=f"/numerisation/feuille.pdf?{query}",
            target="_blank",
            rel="noopener",
            class_="button primary",
            data_key=f"feuille {one.rescan_id}",
        ),
        tag(
            "a",
            "Impossible…",
            tag("span", f"{_OF} {one.code}", class_="hidden"),
            href=f"/numerisation/impossible?{query}",
            class_="button",
            data_key=f"impossible {one.rescan_id}",
        ),
    )
    without = tag("small", "Sans imprimante, nommez le lot ", tag("code", f"RESCAN-{one.code}"))
    return tag("li", *lines, acts, without)


def _aside(now: StationStatus) -> Markup:
    found = [(lot, aside) for lot in now.lots for aside in lot.set_aside]
    rows = [
        tag(
            "tr",
            tag(
                "th",
                tag("span", lot.name, class_="name", title=lot.name),
                tag(
                    "small",
                    ", ".join(filter(None, (aside.file, aside.place))),
                ),
                scope="row",
            ),
            tag("td", aside.reason, tag("small", aside.code, class_="code")),
        )
        for lot, aside in found[:_ASIDE_SHOWN]
    ]
    title = f"Mis de côté ({status.number(len(found))})" if found else "Mis de côté"
    more = len(found) - _ASIDE_SHOWN
    return _table("aside", title, ("Lot et fichier", "Pourquoi"), rows, "Rien.", more)
