"""Pages of the plan and its changes: previewed, proposed by one person, decided by another, undone.

``CurrentPlan`` is the plan as it holds now: the pack's, with the changes that were decided. Every
page asks it; the database is asked once a second. While the database is away, the plan that was
known last is better than no page at all.
"""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from central.accounts.rules import Role
from central.db.engine import Engine
from central.errors import Forbidden, InputInvalid, StoreUnavailable
from central.plan import follow_store, move_store
from central.plan import store as plan_store
from central.plan.rules import KEYS, from_json, plan_difference
from central.plan.store import PlanChange, What
from central.web.cache import TimedCache
from central.web.console import Console, redirect
from central.web.formats import counted
from central.web.requests import PageRequest
from vaguemestre.model.calendar import paris_day
from vaguemestre.model.plan import DocumentType, Plan

_REMEMBERED_S = 1.0


class CurrentPlan:
    """Gives the plan as it holds now when called.

    Args:
        engine: The database, which holds the changes.
        shipped: The pack's plan.
    """

    def __init__(self, engine: Engine, shipped: Plan) -> None:
        self._engine, self.shipped = engine, shipped
        self._cache = TimedCache[None, Plan](_REMEMBERED_S)
        self._last: Plan | None = None

    def __call__(self) -> Plan:
        """The plan with every change that holds.

        Raises:
            StoreUnavailable: the database does not answer, and never did.
        """
        return self._cache.get(None, self._read)

    def _read(self) -> Plan:
        try:
            self._last = self.shipped.changed(plan_store.active_changes(self._engine))
        except StoreUnavailable:
            if self._last is None:
                raise
        return self._last


_READERS = (Role.OPERATIONS, Role.SUPERVISOR, Role.AUDITOR)
_PROPOSERS = (Role.OPERATIONS,)
_DECIDERS = (Role.OPERATIONS, Role.SUPERVISOR)
_FUND = re.compile(r"[0-9A-Z]{2,4}")
_LISTED, _DECIDED = 50, 30
_STATES = {
    "proposed": "proposée",
    "applied": "appliquée",
    "refused": "refusée",
    "undone": "annulée",
}
_WORDS = {"pole": "pôle", "destination": "destination", "delay_days": "délai"}


def register(desk: Console) -> None:
    """Add the pages.

    Raises:
        ConfigInvalid: the pack cannot be read.
    """
    pages = _Pages(desk)
    desk.page("/plan", pages.index, roles=_READERS)
    desk.page("/plan/changement", pages.form, roles=_PROPOSERS)
    desk.page("/plan/changement", pages.propose, roles=_PROPOSERS, method="POST")
    desk.page("/plan/{id:int}", pages.change, roles=_READERS)
    desk.page("/plan/{id:int}/appliquer", pages.apply, roles=_DECIDERS, method="POST")
    desk.page("/plan/{id:int}/refuser", pages.refuse, roles=_DECIDERS, method="POST")
    desk.page("/plan/{id:int}/annuler", pages.undo, roles=_PROPOSERS, method="POST")


class _Pages:
    def __init__(self, desk: Console) -> None:
        self._desk = desk
        self._shipped = desk.plan.shipped

    def index(self, visit: PageRequest) -> Response:
        engine, now = self._desk.engine, self._now()
        return self._desk.show(
            visit,
            "plan.html",
            rows=_rows(now, self._shipped),
            version=now.version,
            proposed=plan_store.list_changes(engine, ("proposed",), _LISTED),
            decided=plan_store.list_changes(engine, ("applied", "refused", "undone"), _DECIDED),
            words=_told_changes,
            states=_STATES,
            may_propose=visit.who.has_any(_PROPOSERS) and _is_unlimited(visit),
            told=_told(visit),
        )

    def form(self, visit: PageRequest) -> Response:
        """The form, and below it what the change would do."""
        _demand_unlimited(visit)
        now = self._now()
        seen, what = None, None
        if visit.text("type"):
            what = self._what(visit, now)
            if what[2]:
                seen = plan_store.preview_change(self._desk.engine, what, _today(), _LISTED)
        return self._desk.show(
            visit,
            "plan_form.html",
            types=sorted(now.types.values(), key=lambda entry: entry.code),
            poles=sorted({pole for entry in now.types.values() for pole in _poles(entry)}),
            destinations=[one.name for one in self._desk.config.destinations],
            values={name: visit.text(name) for name in ("type", "fonds", *KEYS)},
            what=what,
            entry=now.of(what[0], what[1]) if what else None,
            preview=seen,
            words=_WORDS,
        )

    def propose(self, visit: PageRequest) -> Response:
        _demand_unlimited(visit)
        what = self._what(visit, self._now())
        if not what[2]:
            raise InputInvalid("aucun changement")
        reason = visit.text("motif", most=500, needed=True)
        who = visit.who
        number = plan_store.propose_change(self._desk.engine, who.id, who.actor, what, reason)
        return redirect(f"/plan/{number}?fait=propose")

    def change(self, visit: PageRequest) -> Response:
        """One change: what it would do now, or what it did."""
        one = plan_store.find_change(self._desk.engine, visit.request.path_params["id"])
        what = (one.type, one.fund, one.changes)
        seen, moved, left, remaining = None, [], 0, 0
        behind, doubted = follow_store.left_behind(self._desk.engine, one, _LISTED)
        may_see = visit.who.scope.may_see
        if one.state == "proposed":
            seen = plan_store.preview_change(self._desk.engine, what, _today(), _LISTED)
        else:
            rows, left = move_store.moved_documents(self._desk.engine, one.id, _LISTED)
            moved = [(row, from_json(row.before)) for row in rows if may_see(row.site, row.pole)]
            if not one.is_settled:
                remaining = follow_store.remaining(self._desk.engine, one.id)
        is_own = one.proposed_by == visit.who.id
        return self._desk.show(
            visit,
            "plan_change.html",
            change=one,
            preview=seen,
            what=what,
            entry=self._now().of(one.type, one.fund),
            moved=moved,
            left=left,
            behind=[row for row in behind if may_see(row.site, row.pole)],
            doubted=doubted,
            remaining=remaining,
            may_see=may_see,
            words=_WORDS,
            told_changes=_told_changes(one),
            state=_STATES[one.state],
            may_decide=visit.who.has_any(_DECIDERS) and _is_unlimited(visit),
            may_undo=visit.who.has_any(_PROPOSERS) and _is_unlimited(visit),
            is_own=is_own,
            told=_told(visit),
        )

    def apply(self, visit: PageRequest) -> Response:
        _demand_unlimited(visit)
        number, who = visit.request.path_params["id"], visit.who
        count = move_store.apply_change(self._desk.engine, who.id, who.actor, number)
        return redirect(f"/plan/{number}?{urlencode({'fait': 'applique', 'nombre': count})}")

    def refuse(self, visit: PageRequest) -> Response:
        _demand_unlimited(visit)
        number, who = visit.request.path_params["id"], visit.who
        plan_store.refuse_change(self._desk.engine, who.id, who.actor, number)
        return redirect("/plan?fait=refuse")

    def undo(self, visit: PageRequest) -> Response:
        _demand_unlimited(visit)
        number, who = visit.request.path_params["id"], visit.who
        count = move_store.undo_change(self._desk.engine, who.id, who.actor, number, self._shipped)
        return redirect(f"/plan/{number}?{urlencode({'fait': 'annule', 'nombre': count})}")

    def _now(self) -> Plan:
        """The plan at this moment: whoever changes it is shown no older one."""
        return self._shipped.changed(plan_store.active_changes(self._desk.engine))

    def _what(self, visit: PageRequest, now: Plan) -> What:
        """The change that a form describes.

        Raises:
            InputInvalid: a value that the plan or the centre does not know.
        """
        code, fund = visit.text("type", needed=True), visit.text("fonds", most=4)
        if code not in now.types:
            raise InputInvalid("type")
        if fund and not _FUND.fullmatch(fund):
            raise InputInvalid("fonds")
        wanted: dict[str, Any] = {}
        known = {
            "pole": {pole for entry in now.types.values() for pole in _poles(entry)},
            "destination": {one.name for one in self._desk.config.destinations},
        }
        for key, values in known.items():
            if value := visit.text(key):
                if value not in values:
                    raise InputInvalid(key)
                wanted[key] = value
        if visit.text("delay_days"):
            wanted["delay_days"] = visit.number("delay_days", 0, most=250)
        return code, fund, plan_difference(now.of(code, fund), wanted)


def _rows(now: Plan, shipped: Plan) -> list[dict[str, Any]]:
    """A row for each type, and one below it for each fund that differs."""
    rows = []
    for code in sorted(now.types):
        entry, before = now.types[code], shipped.types[code]
        rows.append(_row(entry, before, ""))
        for fund in sorted(entry.funds):
            if (own := entry.for_fund(fund)) != entry:
                rows.append(_row(own, before.for_fund(fund), fund))
    return rows


def _row(entry: DocumentType, before: DocumentType, fund: str) -> dict[str, Any]:
    changed = {
        key: getattr(before, key) for key in KEYS if getattr(before, key) != getattr(entry, key)
    }
    return {"entry": entry, "fund": fund, "before": changed}


def _poles(entry: DocumentType) -> list[str]:
    return [entry.pole, *(special["pole"] for special in entry.funds.values() if "pole" in special)]


def _told_changes(change: PlanChange) -> str:
    """``destination ATEMPO, délai 2 j``."""
    return ", ".join(
        f"{_WORDS[key]} {value}{' j' if key == 'delay_days' else ''}"
        for key, value in _ordered(change.changes)
    )


def _ordered(changes: Mapping[str, Any]) -> Sequence[tuple[str, Any]]:
    return [(key, changes[key]) for key in KEYS if key in changes]


def _is_unlimited(visit: PageRequest) -> bool:
    return not visit.who.scope.is_limited


def _demand_unlimited(visit: PageRequest) -> None:
    """The plan is everybody's: who is limited to some sites or pôles does not change it.

    Raises:
        Forbidden: they are.
    """
    if not _is_unlimited(visit):
        raise Forbidden("the plan is of all sites and pôles")


def _today() -> dt.date:
    return paris_day(dt.datetime.now(dt.UTC))


def _told(visit: PageRequest) -> str:
    count = visit.number("nombre", 0)
    return {
        "propose": "Proposée. Une autre personne doit la décider.",
        "refuse": "La modification est refusée : rien n'a changé.",
        "applique": f"Appliquée : {counted(count, 'document déplacé')}.",
        "annule": f"Annulée : {counted(count, 'document revenu')}.",
    }.get(visit.text("fait"), "")
