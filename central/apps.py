"""Composition roots: everything of each process is wired here.

A process is one or several parts, each in a thread. A part that ends by itself ends the whole
process with its error: what remains would only look alive. systemd starts it again.
"""

import contextlib
import datetime as dt
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from central import blobs, embedded, files, readiness, scratch
from central.config import CentralConfig, Quality, password
from central.console import server as console_server
from central.dispatch import process
from central.domain.sampling import DrawPolicy
from central.errors import ConfigInvalid, EmbeddedFailed
from central.events import Events
from central.intake import server as intake_server
from central.intake.stream import Stores
from central.store import migrate
from central.store.engine import Engine, open_engine

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
    events: Events
    told: Told


def serve(config: CentralConfig, events: Events, stop: threading.Event, told: Told) -> None:
    """Run intake, dispatch and console in one process; the embedded database too, if configured.

    Args:
        config: The centre's settings.
        events: The process's voice.
        stop: Ends it in order.
        told: Given a French line for each part that is ready.

    Raises:
        CentralError: what the centre cannot go on with.
    """
    files.reserve(_files_of(config, *_PARTS))
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
    part: str, config: CentralConfig, events: Events, stop: threading.Event, told: Told
) -> None:
    """Run one of ``intake``, ``dispatch`` and ``console`` in a process of its own.

    Raises:
        CentralError: what it cannot go on with.
    """
    files.reserve(_files_of(config, part))
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
    config: CentralConfig, name: str, engine: Engine, events: Events, told: Told
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
    stores = Stores(centre.engine, centre.images, _drawing(centre.config.quality))

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


def _drawing(quality: Quality) -> DrawPolicy:
    return DrawPolicy(
        share=quality.share,
        new_form_s=quality.new_form_days * _DAY_S,
        first_week_s=quality.first_week_days * _DAY_S,
        most_a_day=quality.most_a_day,
    )


def _dispatch(centre: _Centre) -> Part:
    def part(stop: threading.Event) -> None:
        centre.told(f"distribution : {len(centre.config.destinations)} destination(s)")
        process.run(centre.config, centre.engine, centre.work, centre.events, stop)

    return part


def _console(centre: _Centre) -> Part:
    def part(stop: threading.Event) -> None:
        console_server.run(
            centre.config,
            centre.engine,
            centre.images,
            centre.events,
            stop,
            lambda address: centre.told(f"suivi : {address}"),
            centre.ready.now,
        )

    return part


def _run(parts: Mapping[str, Part], events: Events, stop: threading.Event) -> None:
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
