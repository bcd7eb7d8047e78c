"""How fast the next document is there, and a keystroke is seen, with ten people at work.

One person works in Chromium and is measured; nine others work through HTTP at a person's pace on
the same machine, which runs the centre and its database as well: the worst case.
"""

import contextlib
import random
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
from playwright.sync_api import Page

from central.accounts.rules import Role
from central.db import embedded
from central.db.engine import Engine, open_engine
from tests.support.browser import chromium, seen, sign_in, visitor
from tests.support.console import PASSWORD, add_person, enter
from tests.support.mail import Line, Post
from tests.support.site import Site

_OTHERS, _DOCUMENTS, _MEASURED = 9, 400, 60
_PACE_S = (2.0, 5.0)  # between two documents of a person
_NIR = "255081416802538"
_OBSERVE = """
  window.keys = [];
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries())
      if (entry.name === "keydown") window.keys.push(entry.duration);
  }).observe({ type: "event", durationThreshold: 0, buffered: true });
"""


def run() -> None:
    """Measure and print p50, p95 and the slowest, in milliseconds."""
    with tempfile.TemporaryDirectory() as folder, _centre(Path(folder)) as (site, engine):
        over = threading.Event()
        others = [_start(site.address, engine, number, over) for number in range(_OTHERS)]
        with chromium() as browser:
            page = visitor(browser, site.address)
            page.add_init_script(_OBSERVE)
            sign_in(page, "videocodeur")
            named, keys = _name(page)
            _tell("nommer : image suivante", named)
            keyed, more = _key(page)
            _tell("vidéocoder : image suivante", keyed)
            _tell("touche à l'écran", keys + more)
            over.set()
            for thread in others:
                thread.join()


@contextlib.contextmanager
def _centre(folder: Path) -> Iterator[tuple[Site, Engine]]:
    site = Site(folder, folder / "cache")
    try:
        site.start_centre()
        engine = open_engine(embedded.running_url(folder / "postgresql"))
        post = Post(engine, folder / "images")
        for number in range(_DOCUMENTS):
            post.deliver(f"Lettre {number}", kind="name", pages=2)
            post.deliver(
                f"Changement {number}",
                Line("nir", "NIR", _NIR, read="255081416802533"),
                Line("beneficiary_name", "Nom", f"MARTIN {number}", read="MART1N"),
                kind="key",
                code="S1104",
                way=("Gestion des bénéficiaires", "BENEFICIAIRES"),
            )
        yield site, engine
        engine.dispose()
    finally:
        site.stop()


def _start(address: str, engine: Engine, number: int, over: threading.Event) -> threading.Thread:
    login = f"collegue{number}"
    add_person(engine, login, Role.KEYER)
    thread = threading.Thread(target=_work, args=(address, login, over))
    thread.start()
    return thread


def _work(address: str, login: str, over: threading.Event) -> None:
    """Name documents as a page does: the next is loaded while one is looked at."""
    pace = random.Random(login)
    ended = contextlib.suppress(httpx.HTTPError)  # the centre goes when all is measured
    with ended, httpx.Client(base_url=address, timeout=30) as client:
        enter(client, login, PASSWORD)
        held: list[str] = []
        while not over.wait(pace.uniform(*_PACE_S)):
            asked = {"queue": "name", "besides": held, "ahead": bool(held)}
            work = client.post("/api/work/take", json=asked).json()["work"]
            if work is None:
                continue
            for one in work["pages"]:
                client.get(one["image"], params={"width": 900, "v": one["version"]})
            client.post("/api/work/keep", json={"ids": [*held, work["id"]], "shown": work["id"]})
            held.append(work["id"])
            if len(held) > 1:
                told = {"type": "pnd", "seconds": 3.0}
                client.post(f"/api/documents/{held.pop(0)}/name", json=told)


def _name(page: Page) -> tuple[list[float], list[float]]:
    page.goto("/nommer")
    for _ in range(_MEASURED):
        before = _settled(page)
        page.keyboard.type("pli", delay=60)
        page.keyboard.press("Enter")
        _changed(page, before)
    return _measures(page)


def _key(page: Page) -> tuple[list[float], list[float]]:
    page.goto("/videocoder")
    for number in range(_MEASURED):
        before = _settled(page)
        page.keyboard.type(_NIR, delay=40)
        page.keyboard.press("Enter")
        page.keyboard.type(f"MARTIN {number}", delay=40)
        page.keyboard.press("Enter")
        _changed(page, before)
    return _measures(page)


def _settled(page: Page) -> str:
    seen(page)
    time.sleep(0.4)  # a person looks before they type
    return page.locator("#sheet img").get_attribute("src") or ""


def _changed(page: Page, before: str) -> None:
    page.wait_for_function(
        "b => document.querySelector('#sheet img').getAttribute('src') !== b", arg=before
    )


def _measures(page: Page) -> tuple[list[float], list[float]]:
    time.sleep(0.3)
    shown = page.evaluate("() => performance.getEntriesByName('next').map((e) => e.duration)")
    return shown, page.evaluate("() => window.keys")


def _tell(what: str, values: list[float]) -> None:
    ordered = sorted(values)
    p95 = ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))]
    sys.stdout.write(
        f"{what:30} n = {len(ordered):4}  p50 {ordered[len(ordered) // 2]:6.0f} ms"
        f"  p95 {p95:6.0f} ms  max {ordered[-1]:6.0f} ms\n"
    )
