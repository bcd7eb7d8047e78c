"""Upkeep beside the workers: claims, destinations, returns, samples, new months, flow."""

import contextlib
import datetime as dt
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from central.config import CentralConfig
from central.dispatch.returns import ReturnsFolder
from central.dispatch.targets.base import Target
from central.errors import CentralError
from central.events import Events
from central.store import (
    control_results,
    dispatchers,
    flow,
    partitions,
    people,
    returns,
    samples,
    upkeep,
)
from central.store.engine import Engine

_TIDY_EVERY_S, _DAY_S = 3_600.0, 86_400.0
_PARTITIONS_EVERY_S = 86_400.0
_FLOW_EVERY_S = 60.0
_SWEEPS_MISSED, _SLOW_S = 3, 60.0
"""A process that sweeps no more for that long counts as dead."""


@dataclass(slots=True)
class _Chore:
    name: str
    every_s: float
    act: Callable[[], None]
    next_at: float = 0.0  # at once after the start


def run(
    config: CentralConfig,
    engine: Engine,
    targets: Mapping[str, Target],
    events: Events,
    stop: threading.Event,
) -> None:
    """Do every chore in its time until ``stop`` is set; one that fails waits for its next turn."""
    chores = list(_chores(config, engine, targets, events))
    while not stop.is_set():
        for chore in chores:
            if chore.next_at <= time.monotonic():
                _do(chore, events)
                chore.next_at = time.monotonic() + chore.every_s
        nearest = min(chore.next_at for chore in chores)
        stop.wait(max(0.0, nearest - time.monotonic()))
    with contextlib.suppress(CentralError):  # it counts as alive for a while longer
        dispatchers.leave(engine, _name())


def _do(chore: _Chore, events: Events) -> None:
    try:
        chore.act()
    except CentralError as error:
        events.failed(error.code, part=chore.name)
    except OSError as error:
        events.failed("folder_unavailable", part=chore.name, error=type(error).__name__)
    except Exception as error:
        events.crashed(chore.name, error)


def _chores(
    config: CentralConfig, engine: Engine, targets: Mapping[str, Target], events: Events
) -> Iterator[_Chore]:
    settings = config.dispatch
    yield _Chore(
        "partitions",
        _PARTITIONS_EVERY_S,
        lambda: partitions.make_ahead(engine, dt.datetime.now(dt.UTC).date()),
    )
    yield _Chore("flow", _FLOW_EVERY_S, lambda: _count_flow(engine))
    yield _Chore("quality", _TIDY_EVERY_S, lambda: forget(config, engine, events))
    yield _Chore(
        "sessions",
        _TIDY_EVERY_S,
        lambda: _forget_sessions(engine, config.console.session_idle_s),
    )
    yield _Chore("sweep", settings.sweep_every_s, lambda: sweep(config, engine, events))
    for destination in config.destinations:
        if destination.returns_folder is not None:
            folder = ReturnsFolder(destination.returns_folder)
            yield _Chore(
                f"returns {destination.name}",
                settings.returns_every_s,
                _collecting(folder, destination.name, engine, events),
            )
    for name, target in targets.items():
        yield _Chore(f"tidy {name}", _TIDY_EVERY_S, _tidying(target))


def sweep(config: CentralConfig, engine: Engine, events: Events) -> None:
    """Take lost claims back; hold what goes to unknown destinations, release what no longer does.

    Raises:
        StoreUnavailable: nothing was changed.
    """
    swept = upkeep.sweep(engine, config.dispatch.give_up_after)
    if swept.expired:
        events.swept(swept.expired, swept.dead)
    known = [destination.name for destination in config.destinations]
    lives_s = _SWEEPS_MISSED * config.dispatch.sweep_every_s + _SLOW_S
    dispatchers.tell(engine, _name(), known, lives_s)
    held, released = upkeep.match_destinations(engine, known)
    if held or released:
        events.matched(held, released)


def _name() -> str:
    """Unlike any other process's on any machine."""
    return f"{socket.gethostname()}-{os.getpid()}"


def _count_flow(engine: Engine) -> None:
    flow.recount(engine, dt.datetime.now(dt.UTC))


def forget(config: CentralConfig, engine: Engine, events: Events) -> None:
    """Forget what was keyed long ago, and controls of documents that people have in hand.

    Raises:
        StoreUnavailable: the rest is done at the next turn.
    """
    quality = config.quality
    withdrawn = control_results.withdraw(engine)
    gone = samples.forget(
        engine, quality.keep_samples_days * _DAY_S, quality.keep_drafts_days * _DAY_S
    )
    if withdrawn or gone.values or gone.drafts:
        events.forgotten(gone.values, gone.drafts, withdrawn)


def _forget_sessions(engine: Engine, idle_s: float) -> None:
    people.sweep_sessions(engine, idle_s)


def _collecting(
    folder: ReturnsFolder, destination: str, engine: Engine, events: Events
) -> Callable[[], None]:
    def act() -> None:
        taken = folder.collect(
            lambda document_id, why: returns.give_back(
                engine, document_id, destination, why, "folder"
            )
        )
        for one in taken:
            if one.document_id is None:
                events.return_not_understood(destination)
            else:
                events.returned(str(one.document_id), destination, one.cause.value, "folder")

    return act


def _tidying(target: Target) -> Callable[[], None]:
    return lambda: target.tidy(time.time())
