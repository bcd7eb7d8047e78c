"""Group mode: one field of many documents on a screen, or readings with look-alike characters."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from central.console.desk import Desk, answer
from central.console.field_names import field_name
from central.console.shown import task_shown
from central.console.visit import Visit
from central.console.work import KEYERS, fields_sent, id_of, ids_of
from central.domain import lookalikes
from central.domain.keying import Task, spec_of
from central.errors import InputInvalid, LeaseLost
from central.store import grouped
from central.store.grouped import Candidate, Item, Name, Sending
from central.store.keying import Sent
from vaguemestre.model.catalogue import KeyingMode, TypeEntry

MOST = 24
_LEAST_OF_A_FIELD = 2
_MOST_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody may key as a group: a field of a type, or a pair of characters."""

    address: str
    title: str
    detail: str
    count: int


def register(desk: Desk) -> None:
    """Add the page and what it asks."""
    pages = _Pages(desk)
    desk.page("/grouper", pages.index, roles=KEYERS)
    desk.page("/api/group/take", pages.take, roles=KEYERS, method="POST")
    desk.page("/api/group/send", pages.send, roles=KEYERS, method="POST", max_bytes=_MOST_BYTES)


class _Pages:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def index(self, visit: Visit) -> Response:
        """What can be keyed as a group; or one group, when the address names it."""
        pair, code, name = (visit.text(key, most=100) for key in ("paire", "type", "champ"))
        if pair or (code and name):
            title = self._title(pair, code, name)
            return self._desk.show(
                visit,
                "group.html",
                title=title,
                pair=pair,
                type=code,
                field=name,
                keep_every_s=self._desk.keep_every_s,
            )
        waiting = self._waiting(visit)
        return self._desk.show(
            visit, "group_choice.html", fields=self._fields(waiting), pairs=self._pairs(waiting)
        )

    def take(self, visit: Visit) -> Response:
        """Hold the next documents of a group; or show those that came back to somebody."""
        pair, code, name = (visit.text(key, most=100) for key in ("pair", "type", "field"))
        engine, lease_s = self._desk.engine, self._desk.config.console.lease_s
        if came_back := ids_of(visit, "ids"):
            found = grouped.held(engine, visit.who, came_back, self._is_of(pair, code, name))
        else:
            names, fits = self._wanted(visit, pair, code, name)
            found = grouped.take(engine, visit.who, names, MOST, lease_s, fits)
        items = grouped.load(self._desk.engine, visit.who, {one.document_id for one in found})
        if pair:
            order = lookalikes.order({n: one.value or "" for n, one in enumerate(found)})
            found = [found[n] for n in order]
        return answer({"items": [self._item(one, items[one.document_id]) for one in found]})

    def send(self, visit: Visit) -> Response:
        """Settle what was said of each document; one that is refused holds up no other."""
        told = visit.content.get("answers")
        if not isinstance(told, list) or not 0 < len(told) <= MOST:
            raise InputInvalid("answers")
        pair, code, name = (visit.text(key, most=100) for key in ("pair", "type", "field"))
        title = self._title(pair, code, name) if pair or (code and name) else ""
        sending = Sending(title, uuid.uuid4()) if title else None
        return answer({"results": [self._settled(visit, one, sending) for one in told]})

    def _settled(self, visit: Visit, told: Any, sending: Sending | None) -> dict[str, Any]:
        """Of one document: done, left (more is to key), lost, or refused with what is wrong."""
        if not isinstance(told, dict):
            raise InputInvalid("answers")
        wanted = id_of(told.get("id"))
        try:
            if told.get("wrong") is True:
                grouped.take_out(self._desk.engine, visit.who, wanted, sending)
                return {"id": wanted, "state": "left"}
            items = grouped.load(self._desk.engine, visit.who, [wanted])
            if wanted not in items:
                raise LeaseLost(str(wanted))
            sent = self._sent(items[wanted], told.get("fields"))
            is_done = grouped.settle(
                self._desk.engine,
                visit.who,
                wanted,
                self._desk.catalogue().of,
                sent,
                self._desk.config.console.take_back_s,
                sending,
            )
        except LeaseLost as error:
            return {"id": wanted, "state": "lost", "detail": error.reason}
        except InputInvalid as error:
            return {"id": wanted, "state": "refused", "detail": str(error)}
        return {"id": wanted, "state": "done" if is_done else "left"}

    def _sent(self, item: Item, told: Any) -> dict[int, Sent]:
        names = {position: one.name for position, one in item.fields.items()}
        return fields_sent(told, self._entry(item), names, least=1, most=MOST)

    def _entry(self, item: Item) -> TypeEntry:
        return self._desk.catalogue().of(item.document["type"], item.document["fund"])

    def _item(self, one: Candidate, item: Item) -> dict[str, Any]:
        field = item.fields[one.position]
        pages = {page.number: page for page in item.pages}
        shown = task_shown(
            one.document_id, Task(field, spec_of(self._entry(item), field.name), False), pages
        )
        told = {name: item.document[name] for name in ("id", "type", "lot_name", "site", "due_on")}
        return {**told, "number": item.document["position"] + 1, "draft": item.draft, "task": shown}

    def _waiting(self, visit: Visit) -> Mapping[Name, list[str | None]]:
        """Readings that one person may confirm, by type and field."""
        found = grouped.waiting(self._desk.engine, visit.who)
        return {name: values for name, values in found.items() if self._is_for_groups(name)}

    def _is_for_groups(self, name: Name) -> bool:
        spec = spec_of(self._desk.catalogue().of(name[0]), name[1])
        return spec.mode is KeyingMode.CONFIRM and spec.kind != "signature"

    def _wanted(
        self, visit: Visit, pair: str, code: str, name: str
    ) -> tuple[list[Name], Callable[[str | None], bool]]:
        if not pair:
            return [(code, name)] if self._is_for_groups((code, name)) else [], lambda _: True
        if pair not in lookalikes.PAIRS:
            raise InputInvalid("pair")
        names = [one for one in self._waiting(visit) if self._has_characters(one)]
        return names, lambda value: value is not None and lookalikes.holds(pair, value)

    def _is_of(self, pair: str, code: str, name: str) -> Callable[[Name, str | None], bool]:
        """Whether a field belongs to a group, whoever holds its document."""
        if not pair:
            return lambda wanted, _: wanted == (code, name) and self._is_for_groups(wanted)
        if pair not in lookalikes.PAIRS:
            raise InputInvalid("pair")
        return lambda wanted, value: (
            value is not None
            and lookalikes.holds(pair, value)
            and self._is_for_groups(wanted)
            and self._has_characters(wanted)
        )

    def _has_characters(self, name: Name) -> bool:
        spec = spec_of(self._desk.catalogue().of(name[0]), name[1])
        return spec.kind in lookalikes.KINDS

    def _fields(self, waiting: Mapping[Name, list[str | None]]) -> list[Choice]:
        found = [
            Choice(
                address=f"/grouper?{urlencode({'type': code, 'champ': name})}",
                title=field_name(name),
                detail=_type_told(code, self._desk.catalogue().of(code).title),
                count=len(values),
            )
            for (code, name), values in waiting.items()
            if len(values) >= _LEAST_OF_A_FIELD
        ]
        return sorted(found, key=lambda one: (-one.count, one.title))

    def _pairs(self, waiting: Mapping[Name, list[str | None]]) -> list[Choice]:
        readings = [
            value
            for name, values in waiting.items()
            if self._has_characters(name)
            for value in values
            if value
        ]
        found = [
            Choice(
                address=f"/grouper?{urlencode({'paire': pair})}",
                title=f"{one} ou {other}",
                detail="",
                count=sum(lookalikes.holds(pair, reading) for reading in readings),
            )
            for pair, (one, other) in lookalikes.PAIRS.items()
        ]
        return sorted((one for one in found if one.count), key=lambda one: -one.count)

    def _title(self, pair: str, code: str, name: str) -> str:
        if not pair:
            return f"{field_name(name)}, {self._desk.catalogue().of(code).title}"
        if pair not in lookalikes.PAIRS:
            raise InputInvalid("paire")
        return "{} ou {}".format(*lookalikes.PAIRS[pair])


def _type_told(code: str, title: str) -> str:
    """``S3110, feuille de soins``; a type whose code is a word is told by its title alone."""
    return f"{code}, {title}" if code[-1].isdigit() and title != code else title
