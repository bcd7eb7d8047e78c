"""The page of dead and held deliveries: why each stopped, and replaying or discarding many.

The advice for each code is that of docs/runbook.md, in two French sentences.
"""

import datetime as dt
import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from central.accounts.rules import Role
from central.delivery import failure_store
from central.delivery.failure_store import DeliverySelection, FailedDelivery, FailureQuery
from central.errors import InputInvalid
from central.monitoring import store as monitoring_store
from central.web.console import Console, redirect
from central.web.requests import PageRequest

_HTTP = re.compile(r"http_(\d{3})$")


@dataclass(frozen=True, slots=True)
class Advice:
    """Two sentences: what happened, what to do."""

    happened: str
    do: str


_KNOWN: Mapping[str, Advice] = MappingProxyType(
    {
        "hold": Advice(
            "L'exploitation retient cette destination, ce type ou ce site.",
            "Levez la retenue à la page Retenues : les livraisons repartent seules.",
        ),
        "destination_unknown": Advice(
            "Le plan nomme une destination que la configuration du centre ne connaît pas.",
            "Ajoutez-la à [[destinations]] et redémarrez la distribution : tout repart seul.",
        ),
        "key_unfit": Advice(
            "La clé de la livraison ne peut pas nommer un dossier.",
            "C'est un défaut du programme : signalez-le.",
        ),
        "http_unreachable": Advice(
            "Aucune connexion avec l'application : rien n'a été remis.",
            "Vérifiez le réseau et url, puis relancez.",
        ),
        "http_no_answer": Advice(
            "L'application n'a pas répondu à temps : elle a peut-être le document.",
            "Voyez pourquoi elle se tait, puis relancez : rien n'arrive deux fois.",
        ),
        "http_tls": Advice(
            "Le certificat de l'application n'est pas reconnu.",
            "Vérifiez ca_file, url et le certificat du pôle, puis relancez.",
        ),
        "http_unconfirmed": Advice(
            "La réponse ne nomme pas la livraison : page de maintenance, ou ancienne application.",
            'Rétablissez l\'application, ou réglez confirmation = "status", puis relancez.',
        ),
        "http_other_content": Advice(
            "L'application tient un autre contenu sous cette clé.",
            "Voyez avec le pôle comment elle garde les clés, puis relancez.",
        ),
        "folder_rights": Advice(
            "Le groupe du pôle ne peut pas écrire dans son dossier.",
            "Donnez-lui le dossier (chgrp, chmod g+rwxs), puis relancez.",
        ),
        "folder_unmounted": Advice(
            "Le témoin du dossier du pôle est absent : le partage n'est pas monté.",
            "Montez le partage, puis relancez.",
        ),
        "folder_interrupted": Advice(
            "Le dossier du pôle a rendu une erreur pendant la remise : elle est peut-être faite.",
            "Corrigez droits, place ou montage, puis relancez : rien n'arrive deux fois.",
        ),
        "folder_unavailable": Advice(
            "Le dossier du pôle rend une erreur : droits, place ou montage.",
            "Corrigez-la, puis relancez.",
        ),
        "package_failed": Advice(
            "Une page n'a pas pu être mise en PDF, ou manque au fichier d'origine.",
            "Remettez le document autrement, écartez la livraison et signalez le défaut.",
        ),
        "dispatch_disk": Advice(
            "Le disque temporaire du centre est plein.",
            "Faites de la place, puis relancez.",
        ),
        "worker_lost": Advice(
            "Chaque essai a été interrompu avant d'être noté.",
            "Voyez la taille du document, augmentez longest_hand_over_s, puis relancez.",
        ),
    }
)
_WRONG_DOOR = Advice(
    "L'application ne reconnaît pas le centre : secret, droits ou adresse.",
    "Vérifiez secret_file et url avec le pôle, puis relancez.",
)
_AWAY = Advice(
    "L'application du pôle était en panne ou surchargée.",
    "Attendez qu'elle réponde de nouveau, puis relancez tout le groupe.",
)
_REFUSED = Advice(
    "L'application du pôle refuse le document.",
    "Cherchez l'identifiant du document dans son journal, corrigez, puis relancez.",
)
_OTHER = Advice("Cause inattendue.", "Voyez le motif et le journal du centre avant de relancer.")


def advice_for(code: str) -> Advice:
    """The advice for a code of deliveries."""
    if code in _KNOWN:
        return _KNOWN[code]
    if found := _HTTP.match(code):
        status = int(found[1])
        if status in (401, 403, 404, 405, 407):
            return _WRONG_DOOR
        return _AWAY if status >= 500 or status in (408, 425, 429) or status < 400 else _REFUSED
    return _OTHER


_READERS = (Role.OPERATIONS, Role.AUDITOR)
_ACTORS = (Role.OPERATIONS,)
_A_PAGE = 100
_TICK = "t:"
_FILTERS = ("destination", "code", "etat", "type", "site")
_STATES = {"dead": "en échec", "held": "retenue"}
_DONE = {"relancer": "livraison relancée", "ecarter": "livraison écartée"}


def register(desk: Console) -> None:
    """Add the pages."""
    pages = _Pages(desk)
    desk.page("/echecs", pages.index, roles=_READERS)
    desk.page("/echecs/choisir", pages.choose, roles=_ACTORS, method="POST")
    desk.page("/echecs/relancer", pages.replay, roles=_ACTORS, method="POST")
    desk.page("/echecs/ecarter", pages.discard, roles=_ACTORS, method="POST")


class _Pages:
    def __init__(self, desk: Console) -> None:
        self._desk = desk

    def index(self, visit: PageRequest) -> Response:
        engine = self._desk.engine
        asked = {name: visit.text(name) for name in _FILTERS}
        chosen = replace(
            _limited(visit),
            destination=asked["destination"] or None,
            code=asked["code"] or None,
            state=_state(asked["etat"]),
        )
        every = failure_store.failure_groups(engine, _limited(visit))
        listed = FailureQuery(asked["type"], asked["site"], _after(visit.text("apres")))
        letters = failure_store.failed_deliveries(engine, chosen, listed, _A_PAGE + 1)
        more = len(letters) > _A_PAGE
        letters = letters[:_A_PAGE]
        kept = {name: value for name, value in asked.items() if value}
        next_page = urlencode({**kept, "apres": _cursor(letters[-1])}) if more else ""
        known = monitoring_store.site_names(engine, visit.who.scope)
        return self._desk.show(
            visit,
            "dead_letters.html",
            groups=every,
            listed=letters,
            advice=advice_for,
            states=_STATES,
            filters=asked,
            is_further=bool(visit.text("apres")),
            first_page=urlencode(kept),
            next_page=next_page,
            options={
                "destination": sorted({g.destination for g in every}),
                "code": sorted({g.code for g in every if g.code}),
                "type": sorted(self._desk.plan().types),
                "site": known,
            },
            may_act=visit.who.has_any(_ACTORS),
            done=_DONE.get(visit.text("fait"), ""),
            count=visit.number("nombre", 0),
        )

    def choose(self, visit: PageRequest) -> Response:
        """Show what would be replayed or discarded, and ask."""
        act = visit.text("acte", needed=True)
        if act not in _DONE:
            raise InputInvalid("acte")
        chosen, fields = self._chosen(visit)
        counts = failure_store.failure_counts(self._desk.engine, chosen)
        is_discard = act == "ecarter"
        doubted = failure_store.in_doubt(self._desk.engine, chosen) if is_discard else {}
        count = counts["dead"] + (counts["held"] if is_discard else 0) - sum(doubted.values())
        return self._desk.show(
            visit,
            "dead_letters_confirm.html",
            act=act,
            count=count,
            left=sum(counts.values()) - count - sum(doubted.values()),
            doubted=doubted,
            groups=failure_store.failure_groups(self._desk.engine, chosen),
            fields=fields,
        )

    def replay(self, visit: PageRequest) -> Response:
        chosen, _ = self._chosen(visit)
        return _done("relancer", failure_store.replay(self._desk.engine, visit.who.actor, chosen))

    def discard(self, visit: PageRequest) -> Response:
        chosen, _ = self._chosen(visit)
        reason = visit.text("motif", most=500, needed=True)
        count = failure_store.discard(self._desk.engine, visit.who.actor, reason, chosen)
        return _done("ecarter", count)

    def _chosen(self, visit: PageRequest) -> tuple[DeliverySelection, dict[str, str]]:
        """What a form means, within what its sender may see, and its fields to send on.

        Raises:
            InputInvalid: it means nothing.
        """
        limited = _limited(visit)
        ticks = [name for name in visit.content if name.startswith(_TICK)]
        if ticks:
            return replace(limited, pairs=_pairs(ticks)), dict.fromkeys(ticks, "on")
        if not visit.text("groupe"):
            raise InputInvalid("aucune livraison cochée")
        fields = {"groupe": "1", "destination": visit.text("destination", needed=True)}
        fields |= {"etat": visit.text("etat", needed=True), "code": visit.text("code")}
        group = replace(
            limited,
            destination=fields["destination"],
            code=fields["code"],
            state=_state(fields["etat"]),
        )
        return group, fields


def _limited(visit: PageRequest) -> DeliverySelection:
    return DeliverySelection(visit.who.scope)


def _state(text: str) -> str | None:
    if text and text not in _STATES:
        raise InputInvalid("etat")
    return text or None


def _pairs(ticks: Iterable[str]) -> list[tuple[uuid.UUID, str]]:
    pairs = []
    for tick in ticks:
        document_id, _, destination = tick.removeprefix(_TICK).partition(":")
        try:
            pairs.append((uuid.UUID(document_id), destination))
        except ValueError:
            raise InputInvalid("document") from None
    return pairs


def _cursor(letter: FailedDelivery) -> str:
    return f"{letter.created_at.isoformat()}|{letter.document_id}|{letter.destination}"


def _after(text: str) -> tuple[dt.datetime, uuid.UUID, str] | None:
    if not text:
        return None
    try:
        at, document_id, destination = text.split("|")
        moment = dt.datetime.fromisoformat(at)
        if moment.tzinfo is None:
            raise ValueError
        return moment, uuid.UUID(document_id), destination
    except ValueError:
        raise InputInvalid("apres") from None


def _done(act: str, count: int) -> Response:
    values: dict[str, Any] = {"fait": act, "nombre": count}
    return redirect(f"/echecs?{urlencode(values)}")
