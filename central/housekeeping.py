"""Upkeep beside the workers: claims, destinations, returns, samples, new months, flow.

What touches a destination's folders is done in a thread of that destination (``tend``): a call on
a share that died never returns, and nothing else waits for it.
"""

import contextlib
import datetime as dt
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from central.accounts import session_store
from central.accounts import store as accounts_store
from central.config import CentralConfig
from central.db import migrate
from central.db.engine import Engine
from central.delivery import failure_store
from central.delivery.targets.base import Target
from central.errors import CentralError
from central.monitoring import flow_store
from central.plan import follow_store
from central.quality import store as quality_store
from central.returns import store as returns_store
from central.returns.folder import ReturnsFolder
from central.samples import store as samples_store
from central.telemetry import Telemetry

_TIDY_EVERY_S, _DAY_S = 3_600.0, 86_400.0
_PARTITIONS_EVERY_S = 86_400.0
_FLOW_EVERY_S = 60.0
_SWEEPS_MISSED, _SLOW_S = 3, 60.0
"""A process that sweeps no more for that long counts as dead."""
_TURN_S = 10.0
"""Of what moves thousands of documents, until the other chores get theirs."""


@dataclass(slots=True)
class _Chore:
    name: str
    every_s: float
    act: Callable[[], bool | None]  # True: there is more to do, as soon as the others had a turn
    pause_s: float = 0.0  # at least, after a failure
    next_at: float = 0.0  # at once after the start


def run_chores(
    config: CentralConfig, engine: Engine, events: Telemetry, stop: threading.Event
) -> None:
    """Do every chore in its time until ``stop`` is set; one that fails waits for its next turn."""
    _keep_doing(list(_chores(config, engine, events)), events, stop)
    with contextlib.suppress(CentralError):  # it counts as alive for a while longer
        failure_store.leave(engine, _name())


def tend(
    config: CentralConfig,
    name: str,
    target: Target,
    engine: Engine,
    events: Telemetry,
    stop: threading.Event,
) -> None:
    """Look after one destination's folders until ``stop`` is set."""
    chores = [_Chore(f"tidy {name}", _TIDY_EVERY_S, lambda: target.tidy(time.time()))]
    destination = next(one for one in config.destinations if one.name == name)
    if destination.returns_folder is not None:
        folder = ReturnsFolder(destination.returns_folder)
        every_s = config.dispatch.returns_every_s
        collect = _collecting(folder, name, engine, events)
        chores.append(_Chore(f"returns {name}", every_s, collect))
    _keep_doing(chores, events, stop)


def _keep_doing(chores: list[_Chore], events: Telemetry, stop: threading.Event) -> None:
    while not stop.is_set():
        for chore in chores:
            if chore.next_at <= time.monotonic():
                chore.next_at = time.monotonic() + _do(chore, events)
        nearest = min(chore.next_at for chore in chores)
        stop.wait(max(0.0, nearest - time.monotonic()))


def _do(chore: _Chore, events: Telemetry) -> float:
    """Do it once; in how many seconds it is to be done again."""
    try:
        return 0.0 if chore.act() else chore.every_s
    except CentralError as error:
        events.failed(error.code, part=chore.name)
    except OSError as error:
        events.failed("folder_unavailable", part=chore.name, error=type(error).__name__)
    except Exception as error:
        events.crashed(chore.name, error)
    return max(chore.pause_s, chore.every_s)


def _chores(config: CentralConfig, engine: Engine, events: Telemetry) -> Iterator[_Chore]:
    settings = config.dispatch
    yield _Chore(
        "partitions",
        _PARTITIONS_EVERY_S,
        lambda: migrate.make_ahead(engine, dt.datetime.now(dt.UTC).date()),
    )
    yield _Chore("flow", _FLOW_EVERY_S, lambda: _count_flow(engine))
    yield _Chore("quality", _TIDY_EVERY_S, lambda: erase_expired(config, engine, events))
    yield _Chore(
        "sessions",
        _TIDY_EVERY_S,
        lambda: _forget_sessions(engine, config.console.session_idle_s),
    )
    yield _Chore(
        "sweep",
        settings.sweep_every_s,
        lambda: _release_claims(config, engine, events),
        # While the database was away nobody could renew a claim: they get the time to do so.
        pause_s=settings.lease_s,
    )
    yield _Chore("plan", settings.sweep_every_s, lambda: follow_plan(engine, events))


def follow_plan(engine: Engine, events: Telemetry) -> bool:
    """Move documents on whose change of the plan was decided by a process that did not finish.

    Returns:
        Whether there are more.

    Raises:
        StoreUnavailable: the rest is done at the next turn.
    """
    done = follow_store.settle(engine, within_s=_TURN_S)
    if done.changed:
        events.moved(done.changed, is_complete=done.is_complete)
    return not done.is_complete


def _release_claims(config: CentralConfig, engine: Engine, events: Telemetry) -> bool:
    """Take lost claims back; hold what goes to unknown destinations, release what no longer does.

    Returns:
        Whether there may be more to hold or release.

    Raises:
        StoreUnavailable: nothing was changed.
    """
    swept = failure_store.release_expired_claims(engine, config.dispatch.give_up_after)
    if swept.expired:
        events.swept(swept.expired, swept.dead)
    known = [destination.name for destination in config.destinations]
    lives_s = _SWEEPS_MISSED * config.dispatch.sweep_every_s + _SLOW_S
    failure_store.tell(engine, _name(), known, lives_s)
    held, released = failure_store.hold_unknown_destinations(engine, known, within_s=_TURN_S)
    if held or released:
        events.matched(held, released)
    return held + released > 0


def _name() -> str:
    """Unlike any other process's on any machine."""
    return f"{socket.gethostname()}-{os.getpid()}"


def _count_flow(engine: Engine) -> None:
    flow_store.recount_hours(engine, dt.datetime.now(dt.UTC))


def erase_expired(config: CentralConfig, engine: Engine, events: Telemetry) -> None:
    """Forget what was keyed long ago, and controls of documents that people have in hand.

    Raises:
        StoreUnavailable: the rest is done at the next turn.
    """
    quality = config.quality
    withdrawn = quality_store.withdraw_taken_over(engine)
    gone = samples_store.erase_expired(
        engine, quality.keep_samples_days * _DAY_S, quality.keep_drafts_days * _DAY_S
    )
    if withdrawn or gone.values or gone.drafts:
        events.forgotten(gone.values, gone.drafts, withdrawn)


def _forget_sessions(engine: Engine, idle_s: float) -> None:
    session_store.sweep_sessions(engine, idle_s)
    accounts_store.sweep(engine)


def _collecting(
    folder: ReturnsFolder, destination: str, engine: Engine, events: Telemetry
) -> Callable[[], None]:
    def act() -> None:
        taken = folder.collect(
            lambda document_id, why, which: returns_store.accept_return(
                engine, document_id, destination, why, "folder", which=which
            )
        )
        for one in taken:
            if one.is_stuck:
                events.failed("folder_rights", part=f"returns {destination}")
            if not one.is_read:
                continue
            if one.document_id is None:
                events.return_not_understood(destination)
            else:
                events.returned(str(one.document_id), destination, one.cause.value, "folder")

    return act
