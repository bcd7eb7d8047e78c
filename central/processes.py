"""Composition roots: everything of each process of the centre is wired here.

A process is one or several parts (intake, dispatch, console), each in a thread. A part that ends by
itself ends the whole process with its error: what remains would only look alive. systemd starts it
again. In dispatch each destination has threads of its own, for deliveries and for its folders: one
that is slow, or whose share died so that a call never returns, keeps no others waiting.
"""

import contextlib
import datetime as dt
import grp
import os
import resource
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from central import blobs, housekeeping, readiness, scratch
from central.config import CentralConfig, Destination, Quality, password, secret
from central.db import embedded, migrate
from central.db.engine import Engine, open_engine
from central.delivery import worker as delivery_worker
from central.delivery.targets.base import Target
from central.delivery.targets.folder import FolderTarget
from central.delivery.targets.http import HttpTarget, Secrets
from central.delivery.worker import Renewal, Shared, SourceFiles, WakeSignal, Worker
from central.errors import CentralError, ConfigInvalid, EmbeddedFailed
from central.intake import server as intake_server
from central.intake.stream import IntakeStores
from central.pack import load_plan
from central.quality.rules import SamplingPolicy
from central.rendering.binding import Binder
from central.telemetry import Telemetry
from vaguemestre import pack


def make_target(destination: Destination) -> Target:
    """Build the target that a destination's settings describe.

    Raises:
        ConfigInvalid: a file that they name cannot be read, or a group is not ours to give.
    """
    if destination.kind == "folder" and destination.folder is not None:
        group = _group_of(destination) if destination.group else None
        return FolderTarget(destination.folder, destination.marker, group)
    secrets = None
    if destination.secret_file is not None:
        former = destination.former_secret_file
        secrets = Secrets(secret(destination.secret_file), secret(former) if former else None)
    try:
        return HttpTarget(
            destination.url or "",
            secrets,
            destination.timeout_s,
            destination.ca_file,
            demands_key=destination.confirmation == "key",
        )
    except OSError as error:  # ssl.SSLError too
        raise ConfigInvalid(f"{destination.name}: {error.filename}: {error.strerror}") from error


def _group_of(destination: Destination) -> int:
    """Give the number of a destination's group; only a member of it, or root, can give it files.

    Raises:
        ConfigInvalid: there is no such group, or this process is no member of it.
    """
    try:
        number = grp.getgrnam(destination.group).gr_gid
    except KeyError:
        raise ConfigInvalid(f"{destination.name}: no group {destination.group}") from None
    if os.geteuid() != 0 and number not in {os.getegid(), *os.getgroups()}:
        raise ConfigInvalid(f"{destination.name}: this account is not in {destination.group}")
    return number


_PAUSE_AFTER_ERROR_S = 2.0
_ENDED_WITHIN_S = 60.0
"""After the stop, for deliveries under way; longer than most hand-overs."""


def run(
    config: CentralConfig, engine: Engine, work: Path, events: Telemetry, stop: threading.Event
) -> None:
    """Run the dispatch process until ``stop`` is set; deliveries under way are finished.

    One that is not finished within a minute is left to the sweeper of another process.

    Raises:
        ConfigInvalid: a destination's file cannot be read, or the pack.
        BlobStoreUnavailable: the store of images cannot be opened.
    """
    settings = config.dispatch
    targets = {destination.name: make_target(destination) for destination in config.destinations}
    store = blobs.open_store(config.blobs, work)
    binder = Binder(at_once=max(2, os.cpu_count() or 2))
    renewal = Renewal(engine, settings.lease_s, settings.longest_hand_over_s, events)
    shared = Shared(
        engine=engine,
        open_source=SourceFiles(store, work / "sources").open,
        binder=binder,
        folder=work / "packages",
        renewal=renewal,
        plan=load_plan(config.console.pack_dir or pack.default_dir()),
        settings=settings,
        events=events,
    )
    bell = WakeSignal()
    with contextlib.ExitStack() as opened:
        opened.callback(binder.close)
        for target in targets.values():
            opened.callback(target.close)
        acts: dict[str, Callable[[], None]] = {
            "listen": lambda: delivery_worker.listen_for_work(engine, bell, events, stop),
            "sweeper": lambda: housekeeping.run_chores(config, engine, events, stop),
            "renewal": lambda: renewal.run(stop),
            **dict(_serving(config, targets, shared, bell, stop)),
        }
        parts = [threading.Thread(target=a, name=name, daemon=True) for name, a in acts.items()]
        for part in parts:
            part.start()
        stop.wait()
        until = time.monotonic() + _ENDED_WITHIN_S
        for part in parts:
            part.join(max(0.0, until - time.monotonic()))


def _serving(
    config: CentralConfig,
    targets: dict[str, Target],
    shared: Shared,
    bell: WakeSignal,
    stop: threading.Event,
) -> Iterator[tuple[str, Callable[[], None]]]:
    """Give the threads of each destination, by name."""
    prefix = f"{socket.gethostname()}-{os.getpid()}"
    for destination in config.destinations:
        target = targets[destination.name]
        for n in range(destination.workers or config.dispatch.workers):
            worker = Worker(f"{prefix}-{destination.name}-{n}", destination, target, shared)
            yield f"{destination.name}-{n}", _working(worker, shared.events, bell, stop)
        yield (
            f"{destination.name}-folders",
            _tending(config, destination.name, target, shared, stop),
        )


def _working(
    worker: Worker, events: Telemetry, bell: WakeSignal, stop: threading.Event
) -> Callable[[], None]:
    return lambda: _work(worker, events, bell, stop)


def _tending(
    config: CentralConfig, name: str, target: Target, shared: Shared, stop: threading.Event
) -> Callable[[], None]:
    return lambda: housekeeping.tend(config, name, target, shared.engine, shared.events, stop)


def _work(worker: Worker, events: Telemetry, bell: WakeSignal, stop: threading.Event) -> None:
    while not stop.is_set():
        rung = bell.rung
        try:
            if not worker.deliver_next():
                sleep_s = worker.seconds_to_next()
                if not stop.is_set():
                    bell.wait(rung, sleep_s)
        except CentralError as error:
            events.failed(error.code, part="dispatch")
            stop.wait(_PAUSE_AFTER_ERROR_S)
        except Exception as error:
            events.crashed("dispatch", error)
            stop.wait(_PAUSE_AFTER_ERROR_S)


def reserve(needed: int) -> None:
    """Raise this process's limit as far as the system lets it.

    Args:
        needed: Files and connections at once, at the most.

    Raises:
        ConfigInvalid: the system does not let it have so many.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise ConfigInvalid(
            f"these settings need {needed} open files, the system allows {hard}: raise the "
            "service's LimitNOFILE, or lower console.max_connections or intake.max_streams"
        )
    if soft != resource.RLIM_INFINITY and soft < needed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))


_LOOK_EVERY_S = 0.2
_DAY_S = 86_400.0
_FILES_OF_A_PROCESS = 200  # the database, images on their way, logs, libraries
_PARTS = ("intake", "dispatch", "console")

Part = Callable[[threading.Event], None]
Told = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class _Centre:
    """What the parts of one process share."""

    config: CentralConfig
    engine: Engine
    images: blobs.BlobStore
    work: Path
    ready: readiness.Watch
    events: Telemetry
    told: Told


def serve(config: CentralConfig, events: Telemetry, stop: threading.Event, told: Told) -> None:
    """Run intake, dispatch and console in one process; the embedded database too, if configured.

    Args:
        config: The centre's settings.
        events: The process's voice.
        stop: Ends it in order.
        told: Given a French line for each part that is ready.

    Raises:
        CentralError: what the centre cannot go on with.
    """
    reserve(_files_of(config, *_PARTS))
    with contextlib.ExitStack() as opened:
        parts: dict[str, Part] = {}
        if config.database.embedded_dir is not None:
            server = embedded.EmbeddedPostgres(config.database.embedded_dir)
            # This thread lives as long as the process: the server ends with it.
            opened.enter_context(server)
            parts["database"] = lambda over: _watch(server, over)
        engine = opened.enter_context(_engine(config, "serve", bounded=True))
        if config.database.embedded_dir is not None:
            run_migrations(config)  # which may take longer than a statement of serving may
        else:
            migrate.check_version(engine)
        centre = opened.enter_context(_centre(config, "serve", engine, events, told))
        _serve_metrics(centre, config.metrics.console_listen)
        parts |= {
            "intake": _intake(centre),
            "dispatch": _dispatch(centre),
            "console": _console(centre),
        }
        _run(parts, events, stop)


def _watch(server: embedded.EmbeddedPostgres, over: threading.Event) -> None:
    """End the process when its database has died: systemd starts both again."""
    while not over.wait(_LOOK_EVERY_S):
        if not server.is_running:
            raise EmbeddedFailed("the server ended by itself; see postgres.log")


def run_alone(
    part: str, config: CentralConfig, events: Telemetry, stop: threading.Event, told: Told
) -> None:
    """Run one of ``intake``, ``dispatch`` and ``console`` in a process of its own.

    Raises:
        CentralError: what it cannot go on with.
    """
    reserve(_files_of(config, part))
    make = {"intake": _intake, "dispatch": _dispatch, "console": _console}[part]
    listen = {
        "intake": config.metrics.intake_listen,
        "dispatch": config.metrics.dispatch_listen,
        "console": config.metrics.console_listen,
    }[part]
    with contextlib.ExitStack() as opened:
        engine = opened.enter_context(_engine(config, part, bounded=True))
        migrate.check_version(engine)
        centre = opened.enter_context(_centre(config, part, engine, events, told))
        _serve_metrics(centre, listen)
        _run({part: make(centre)}, events, stop)


def _serve_metrics(centre: _Centre, listen: str | None) -> None:
    if listen is None:
        return
    try:
        port = centre.events.serve_metrics(
            listen, lambda: (bool(centre.ready.now()), centre.ready.now().text)
        )
    except OSError as error:
        raise ConfigInvalid(f"metrics {listen}: {error.strerror}") from error
    centre.told(f"mesures : http://{listen.rpartition(':')[0]}:{port}/")


def _files_of(config: CentralConfig, *parts: str) -> int:
    """How many files and connections these parts may have open at once."""
    of_part = {
        "intake": 2 * config.intake.max_streams + intake_server.SPARE_CONNECTIONS,
        "dispatch": 8 * sum(d.workers or config.dispatch.workers for d in config.destinations),
        "console": config.console.max_connections,
    }
    return _FILES_OF_A_PROCESS + config.database.pool_size + sum(of_part[part] for part in parts)


@contextlib.contextmanager
def _centre(
    config: CentralConfig, name: str, engine: Engine, events: Telemetry, told: Told
) -> Iterator[_Centre]:
    """What the parts share; readiness is looked at while it is lent, on a connection of its own."""
    over = threading.Event()
    with (
        scratch.own_folder(config.work.dir or scratch.default_dir()) as work,
        _engine(config, f"{name}-watch", bounded=True, pool_size=1) as own,
    ):
        images = blobs.open_store(config.blobs, work)
        ready = readiness.Watch(own, images, events)
        ready.start(over)
        try:
            yield _Centre(config, engine, images, work, ready, events, told)
        finally:
            over.set()


def run_migrations(config: CentralConfig) -> None:
    """Bring the database to this version's schema.

    Raises:
        StoreUnavailable: it does not answer.
    """
    with _engine(config, "migrate") as engine:
        migrate.upgrade(engine, _today())


@contextlib.contextmanager
def _engine(
    config: CentralConfig, name: str, *, bounded: bool = False, pool_size: int | None = None
) -> Iterator[Engine]:
    """Connections; ``bounded`` for processes that serve: no statement of theirs takes long."""
    database = config.database
    url = database.url
    if url is None:
        assert database.embedded_dir is not None  # noqa: S101 - the settings demand one of the two
        url = embedded.running_url(database.embedded_dir)
    engine = open_engine(
        url,
        password=password(database.password_file) if database.password_file else None,
        pool_size=pool_size or database.pool_size,
        name=f"vaguemestre-{name}",
        answer_within_s=database.answer_within_s if bounded else None,
    )
    try:
        yield engine
    finally:
        engine.dispose()


@contextlib.contextmanager
def opened(config: CentralConfig) -> Iterator[Engine]:
    """Lend the database to a command.

    Raises:
        SchemaBehind: it was not migrated.
        StoreUnavailable: it does not answer.
    """
    with _engine(config, "command") as engine:
        migrate.check_version(engine)
        yield engine


def _today() -> dt.date:
    return dt.datetime.now(dt.UTC).date()


def _intake(centre: _Centre) -> Part:
    stores = IntakeStores(centre.engine, centre.images, _drawing(centre.config.quality))

    def part(stop: threading.Event) -> None:
        host = centre.config.intake.listen.rpartition(":")[0]
        intake_server.run(
            centre.config,
            stores,
            centre.events,
            stop,
            lambda port: centre.told(f"réception : {host}:{port}"),
            lambda: bool(centre.ready.now()),
        )

    return part


def _drawing(quality: Quality) -> SamplingPolicy:
    return SamplingPolicy(
        share=quality.share,
        new_form_s=quality.new_form_days * _DAY_S,
        first_week_s=quality.first_week_days * _DAY_S,
        most_a_day=quality.most_a_day,
    )


def _dispatch(centre: _Centre) -> Part:
    def part(stop: threading.Event) -> None:
        centre.told(f"distribution : {len(centre.config.destinations)} destination(s)")
        run(centre.config, centre.engine, centre.work, centre.events, stop)

    return part


def _console(centre: _Centre) -> Part:
    # Only here: what shows pages of mail brings decoders, and a process that delivers has none.
    from central import webapp  # noqa: PLC0415

    def part(stop: threading.Event) -> None:
        webapp.run(
            centre.config,
            centre.engine,
            centre.images,
            centre.events,
            stop,
            lambda address: centre.told(f"suivi : {address}"),
            centre.ready.now,
        )

    return part


def _run(parts: Mapping[str, Part], events: Telemetry, stop: threading.Event) -> None:
    """Run the parts until ``stop`` is set or one ends; the first error is the process's own."""
    over, errors = threading.Event(), list[Exception]()

    def keep(name: str, part: Part) -> None:
        try:
            part(over)
        except Exception as error:
            events.crashed(name, error)
            errors.append(error)
        finally:
            over.set()

    threads = [threading.Thread(target=keep, args=item, name=item[0]) for item in parts.items()]
    events.started(parts=list(parts))
    for thread in threads:
        thread.start()
    while not stop.wait(_LOOK_EVERY_S) and not over.is_set():
        pass
    over.set()
    for thread in threads:
        thread.join()
    events.stopped()
    if errors:
        raise errors[0]
