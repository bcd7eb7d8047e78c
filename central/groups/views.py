"""Group mode: one field of many documents on a screen, or readings with look-alike characters."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from central.accounts.rules import KEYERS
from central.errors import InputInvalid, LeaseLost
from central.groups import store as groups_store
from central.groups.store import GroupCandidate, GroupItem, Name, Sending
from central.keying import rules as keying_rules
from central.keying.rules import KeyingTask, find_field_spec
from central.keying.store import SubmittedField
from central.keying.views import parse_fields, present_task
from central.web.console import Console, ids_parameter, json_response, parse_id
from central.web.formats import field_name
from central.web.requests import PageRequest
from vaguemestre.model.plan import NOT_KEYED, DocumentType, KeyingMode

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


def register(desk: Console) -> None:
    """Add the page and what it asks."""
    pages = _Pages(desk)
    desk.page("/grouper", pages.index, roles=KEYERS)
    desk.page("/api/group/take", pages.take, roles=KEYERS, method="POST")
    desk.page("/api/group/send", pages.send, roles=KEYERS, method="POST", max_bytes=_MOST_BYTES)


class _Pages:
    def __init__(self, desk: Console) -> None:
        self._desk = desk

    def index(self, visit: PageRequest) -> Response:
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

    def take(self, visit: PageRequest) -> Response:
        """Hold the next documents of a group; or show those that came back to somebody."""
        pair, code, name = (visit.text(key, most=100) for key in ("pair", "type", "field"))
        engine, lease_s = self._desk.engine, self._desk.config.console.lease_s
        if came_back := ids_parameter(visit, "ids"):
            found = groups_store.held(engine, visit.who, came_back, self._is_of(pair, code, name))
        else:
            names, fits = self._wanted(visit, pair, code, name)
            found = groups_store.take_group(engine, visit.who, names, MOST, lease_s, fits)
        items = groups_store.load_group(
            self._desk.engine, visit.who, {one.document_id for one in found}
        )
        if pair:
            order = keying_rules.order_by_likeness(
                {n: one.value or "" for n, one in enumerate(found)}
            )
            found = [found[n] for n in order]
        return json_response({"items": [self._item(one, items[one.document_id]) for one in found]})

    def send(self, visit: PageRequest) -> Response:
        """Settle what was said of each document; one that is refused holds up no other."""
        told = visit.content.get("answers")
        if not isinstance(told, list) or not 0 < len(told) <= MOST:
            raise InputInvalid("answers")
        pair, code, name = (visit.text(key, most=100) for key in ("pair", "type", "field"))
        title = self._title(pair, code, name) if pair or (code and name) else ""
        sending = Sending(title, uuid.uuid4()) if title else None
        return json_response({"results": [self._settled(visit, one, sending) for one in told]})

    def _settled(self, visit: PageRequest, told: Any, sending: Sending | None) -> dict[str, Any]:
        """Of one document: done, left (more is to key), lost, or refused with what is wrong."""
        if not isinstance(told, dict):
            raise InputInvalid("answers")
        wanted = parse_id(told.get("id"))
        try:
            if told.get("wrong") is True:
                groups_store.remove_from_group(self._desk.engine, visit.who, wanted, sending)
                return {"id": wanted, "state": "left"}
            items = groups_store.load_group(self._desk.engine, visit.who, [wanted])
            if wanted not in items:
                raise LeaseLost(str(wanted))
            sent = self._sent(items[wanted], told.get("fields"))
            is_done = groups_store.submit_item(
                self._desk.engine,
                visit.who,
                wanted,
                self._desk.plan().of,
                sent,
                self._desk.config.console.take_back_s,
                sending,
            )
        except LeaseLost as error:
            return {"id": wanted, "state": "lost", "detail": error.reason}
        except InputInvalid as error:
            return {"id": wanted, "state": "refused", "detail": str(error)}
        return {"id": wanted, "state": "done" if is_done else "left"}

    def _sent(self, item: GroupItem, told: Any) -> dict[int, SubmittedField]:
        names = {position: one.name for position, one in item.fields.items()}
        return parse_fields(told, self._entry(item), names, least=1, most=MOST)

    def _entry(self, item: GroupItem) -> DocumentType:
        return self._desk.plan().of(item.document["type"], item.document["fund"])

    def _item(self, one: GroupCandidate, item: GroupItem) -> dict[str, Any]:
        field = item.fields[one.position]
        pages = {page.number: page for page in item.pages}
        shown = present_task(
            one.document_id,
            KeyingTask(field, find_field_spec(self._entry(item), field.name), False),
            pages,
        )
        told = {name: item.document[name] for name in ("id", "type", "lot_name", "site", "due_on")}
        return {**told, "number": item.document["position"] + 1, "draft": item.draft, "task": shown}

    def _waiting(self, visit: PageRequest) -> Mapping[Name, list[str | None]]:
        """Readings that one person may confirm, by type and field."""
        found = groups_store.list_candidates(self._desk.engine, visit.who)
        return {name: values for name, values in found.items() if self._is_for_groups(name)}

    def _is_for_groups(self, name: Name) -> bool:
        entry = self._desk.plan().of(name[0])
        spec = find_field_spec(entry, name[1])
        return entry.mode_of(spec) is KeyingMode.CONFIRM and spec.kind not in NOT_KEYED

    def _wanted(
        self, visit: PageRequest, pair: str, code: str, name: str
    ) -> tuple[list[Name], Callable[[str | None], bool]]:
        if not pair:
            return [(code, name)] if self._is_for_groups((code, name)) else [], lambda _: True
        if pair not in keying_rules.LOOKALIKE_PAIRS:
            raise InputInvalid("pair")
        names = [one for one in self._waiting(visit) if self._has_characters(one)]
        return names, lambda value: value is not None and keying_rules.has_character(pair, value)

    def _is_of(self, pair: str, code: str, name: str) -> Callable[[Name, str | None], bool]:
        """Whether a field belongs to a group, whoever holds its document."""
        if not pair:
            return lambda wanted, _: wanted == (code, name) and self._is_for_groups(wanted)
        if pair not in keying_rules.LOOKALIKE_PAIRS:
            raise InputInvalid("pair")
        return lambda wanted, value: (
            value is not None
            and keying_rules.has_character(pair, value)
            and self._is_for_groups(wanted)
            and self._has_characters(wanted)
        )

    def _has_characters(self, name: Name) -> bool:
        spec = find_field_spec(self._desk.plan().of(name[0]), name[1])
        return spec.kind in keying_rules.LOOKALIKE_KINDS

    def _fields(self, waiting: Mapping[Name, list[str | None]]) -> list[Choice]:
        found = [
            Choice(
                address=f"/grouper?{urlencode({'type': code, 'champ': name})}",
                title=field_name(name),
                detail=_type_told(code, self._desk.plan().of(code).title),
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
                count=sum(keying_rules.has_character(pair, reading) for reading in readings),
            )
            for pair, (one, other) in keying_rules.LOOKALIKE_PAIRS.items()
        ]
        return sorted((one for one in found if one.count), key=lambda one: -one.count)

    def _title(self, pair: str, code: str, name: str) -> str:
        if not pair:
            return f"{field_name(name)}, {self._desk.plan().of(code).title}"
        if pair not in keying_rules.LOOKALIKE_PAIRS:
            raise InputInvalid("paire")
        return "{} ou {}".format(*keying_rules.LOOKALIKE_PAIRS[pair])


def _type_told(code: str, title: str) -> str:
    """``S3110, feuille de soins``; a type whose code is a word is told by its title alone."""
    return f"{code}, {title}" if code[-1].isdigit() and title != code else title
