"""Alerts and dashboard on Debian's Prometheus, fed by a real centre and a real station.

One run for all tests of this file: documents are read, delivered, refused by a pôle and given
back, a file is set aside, and at last the station stops.
"""

import datetime as dt
import json
import os
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from central.db import tables
from central.db.embedded import running_url
from central.db.engine import open_engine, transaction
from central.returns.views import sign_return
from models.training.drawing.lots import Artist, attending_doctors
from tests.support import prometheus, rules
from tests.support.http_pole import SECRET, HttpApplication
from tests.support.prometheus import Prometheus
from tests.support.site import SITE, Destination, Site, destinations_of_plan
from tests.support.waiting import wait_until

_wait_until = partial(wait_until, passing=httpx.HTTPError)
_POLE = "FRAIS_DE_SANTE"
_VARIABLES = {"$__rate_interval": "1m", "$site": ".*"}


class Watched:
    """A site, a pôle over HTTP, and Prometheus that watches them."""

    def __init__(self, root: Path, pole: HttpApplication, cache: Path) -> None:
        self.root, self.pole = root, pole
        (root / "lots").mkdir()
        (root / "secret").write_bytes(SECRET)
        (root / "secret").chmod(0o600)
        others = [name for name in destinations_of_plan() if name != _POLE]
        folders = [Destination(name, root / "poles" / name) for name in others]
        self._metrics = f"127.0.0.1:{prometheus.free_port()}"
        self._centre = f"127.0.0.1:{prometheus.free_port()}"
        self.site = Site(
            root,
            cache,
            [*folders, Destination(_POLE, url=pole.url, secret_file=root / "secret")],
            centre={"metrics": {"console_listen": self._centre}},
            station={
                "reading": {"cache_dir": cache},
                "metrics": {"listen": self._metrics},
                "sources": {"broken_after_s": 2.0},
            },
        )

    def watch(self) -> Prometheus:
        targets = {
            "vaguemestre-central": [self._centre],
            "vaguemestre-edge": [self._metrics],
        }
        return Prometheus(
            self.root / "prometheus", targets, [rules.FILE, _impatient(self.root / "impatient.yml")]
        )

    def documents(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.site.ask("/api/documents?limit=500")["documents"]
        return found

    def drop(self, name: str, *, seed: int) -> None:
        """Leave a lot of one médecin traitant, and beside it a file that is no image."""
        lot = attending_doctors(self.root / "lots", Artist(seed), name, 1)
        (self.root / "lots" / lot.name).rename(self.site.scan / name)
        (self.site.scan / f"{name}-casse.tif").write_bytes(b"no image")

    def count(self, state: str) -> int:
        return sum(one["state"] == state for one in self.documents())

    def give_back(self, document_id: str) -> None:
        body = json.dumps({"document_id": document_id, "cause": "wrong_pole"}).encode()
        at = dt.datetime.now(dt.UTC).isoformat()
        headers = {
            "X-Vaguemestre-Destination": _POLE,
            "X-Vaguemestre-Time": at,
            "X-Vaguemestre-Signature": sign_return(SECRET, at, _POLE, body),
        }
        answer = httpx.post(f"{self.site.address}v1/returns", content=body, headers=headers)
        assert answer.status_code == 200, answer.text

    def control(self, document_id: str) -> None:
        """End the control that the document was drawn for, as a person who found nothing wrong."""
        engine = open_engine(running_url(self.root / "postgresql"))
        c = tables.controls.c
        with transaction(engine) as connection:
            ended = connection.execute(
                tables.controls.update()
                .where(c.document_id == document_id, c.state == "waiting")
                .values(state="done", done_at=sa.func.now(), fields=12)
            )
        engine.dispose()
        assert ended.rowcount == 1, "a site's first documents are all drawn"


def _impatient(path: Path) -> Path:
    """The same rules with shorter times, at any hour; told apart by their severity."""
    text = rules.FILE.read_text("utf-8")
    for pattern, instead in (
        (r"for: \w+", "for: 0s"),
        (r"> 600 < 2592000", "> 10 < 2592000"),
        (r"working_hours\) == 1", "working_hours) >= 0"),
        (r"name: vaguemestre-", "name: impatient-"),
        (r"severity: ", "severity: impatient-"),
    ):
        text, found = re.subn(pattern, instead, text)
        assert found, pattern
    path.write_text(text, "utf-8")
    checked = rules.promtool("check", "rules", path)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    return path


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Watched, Prometheus]]:
    """Everything that happens before the station stops."""
    if prometheus.program() is None:
        missing = "Debian's Prometheus is not installed: apt-get install prometheus"
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    pole = HttpApplication()
    watched = Watched(tmp_path_factory.mktemp("e2e"), pole, tmp_path_factory.mktemp("cache"))
    watching = None
    try:
        watched.site.start_centre()
        watching = watched.watch()
        watched.site.start_station()
        watching.wait()
        _run(watched, watching)
        yield watched, watching
    finally:
        if watching is not None:
            watching.stop()
        watched.site.stop()
        pole.close()


def _run(watched: Watched, watching: Prometheus) -> None:
    log = watched.root / "station.log"

    def tell() -> str:
        return f"{watched.documents()}\n{log.read_text('utf-8')[-2_000:]}\n{watching.log()}"

    watched.drop("DMT-0001", seed=7)
    _wait_until(lambda: watched.count("delivered") == 1, tell)
    seen = "vaguemestre_central_delivery_attempts_total"
    _wait_until(lambda: watching.values(f"sum({seen})") == [1.0], tell)
    watched.pole.answers += [(422, {}, b"refused")]
    watched.drop("DMT-0002", seed=8)
    _wait_until(lambda: watched.count("dead") == 1, tell)
    watched.drop("DMT-0003", seed=9)
    _wait_until(lambda: watched.count("delivered") == 2, tell)
    first, second = (one["id"] for one in watched.documents() if one["state"] == "delivered")
    watched.give_back(first)
    watched.control(second)


def test_the_targets_are_up_and_every_rule_is_evaluated_without_an_error(
    running: tuple[Watched, Prometheus],
) -> None:
    _, watching = running
    jobs = {"vaguemestre-central", "vaguemestre-edge"}

    def seen() -> set[tuple[str, str]]:
        targets = watching.get("targets")["activeTargets"]
        return {(one["labels"]["job"], one["health"]) for one in targets}

    _wait_until(lambda: seen() == {(job, "up") for job in jobs}, lambda: str(seen()))
    groups = watching.get("rules")["groups"]
    loaded = [rule for group in groups for rule in group["rules"]]
    assert len(loaded) == 2 * len(rules.alerts())
    assert [rule for rule in loaded if rule["health"] != "ok" or rule.get("lastError")] == []


def _asked(query: str) -> str:
    """A panel's query; of one that lists only what is wrong, all that it chooses from."""
    query = re.sub(r" [<>] \d+(?= or |$)", "", query)
    for variable, value in _VARIABLES.items():
        query = query.replace(variable, value)
    return query


def test_every_query_of_the_dashboard_gives_data(running: tuple[Watched, Prometheus]) -> None:
    _, watching = running
    left = {_asked(query) for query in rules.queries()}

    def are_all_answered() -> bool:
        left.difference_update([query for query in left if watching.values(query)])
        return not left

    _wait_until(are_all_answered, lambda: "\n".join(sorted(left)))


def test_the_list_of_sites_that_one_may_choose_is_filled(
    running: tuple[Watched, Prometheus],
) -> None:
    _, watching = running
    (variable,) = (one for one in rules.dashboard()["templating"]["list"] if one["name"] == "site")
    (metric,) = rules.metrics(variable["definition"])
    assert watching.get("label/site/values", **{"match[]": metric}) == [SITE]


def test_a_dead_letter_and_a_station_that_stops_are_told(
    running: tuple[Watched, Prometheus],
) -> None:
    watched, watching = running
    _wait_until(lambda: "LivraisonsEnEchec" in watching.firing(), lambda: str(watching.firing()))
    assert not {"StationMuette", "SiteMuet"} & set(watching.firing())
    assert watched.site.station is not None
    watched.site.station.stop()
    _wait_until(
        lambda: {"StationMuette", "SiteMuet"} <= set(watching.firing()),
        lambda: str(watching.firing()),
    )
    told = watching.firing()["StationMuette"]
    assert told["labels"]["site"] == SITE
    assert SITE in told["annotations"]["summary"]
    assert "1 livraison(s)" in watching.firing()["LivraisonsEnEchec"]["annotations"]["summary"]
    for alert in watching.get("alerts")["alerts"]:
        assert "error expanding template" not in str(alert["annotations"])
