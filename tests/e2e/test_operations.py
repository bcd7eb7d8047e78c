"""An operator's morning with real processes: a dead letter is seen, held, replayed and arrives.

The centre runs alone; documents are put beside it as the intake does, so that no recognition is
waited for.
"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect

from central import blobs
from central.config import Blobs
from central.db import embedded
from central.db.engine import open_engine
from central.documents.store import source_digests
from tests.support.accounts import READY
from tests.support.browser import chromium, visitor
from tests.support.central import document, page, picture, store, tiff
from tests.support.http_pole import SECRET, HttpApplication
from tests.support.site import Destination, Site

_DEADLINE_S = 60.0
_POLE = "FRAIS_DE_SANTE"
OPERATOR = next(account for account in READY if "operations" in account.roles)


class Centre:
    """A centre whose one pôle takes documents over HTTP."""

    def __init__(self, root: Path, pole: HttpApplication) -> None:
        (root / "secret").write_bytes(SECRET)
        (root / "secret").chmod(0o600)
        told = [Destination(_POLE, url=pole.url, secret_file=root / "secret")]
        self.site = Site(
            root,
            root / "cache",
            told,
            centre={"dispatch": {"poll_every_s": 3_600.0}},
        )
        self.site.start_centre()
        self.engine: sa.Engine = open_engine(embedded.running_url(root / "postgresql"))
        self._images = blobs.open_store(Blobs(url=f"file://{root / 'images'}"))

    def receive(self, number: int) -> str:
        """Store one document with its image; returns its id."""
        scan = tiff([picture(number=number)])
        made = document(page(scan))
        for digest in source_digests(made.document):
            with self._images.receive(digest, len(scan)) as incoming:
                incoming.write(scan)
                incoming.commit()
        return str(store(self.engine, made).id)

    def stop(self) -> None:
        self.engine.dispose()
        self.site.stop()


@pytest.fixture(scope="module")
def pole() -> Iterator[HttpApplication]:
    application = HttpApplication()
    yield application
    application.close()


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory, pole: HttpApplication) -> Iterator[Centre]:
    running = Centre(tmp_path_factory.mktemp("operations"), pole)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def operator(centre: Centre) -> Iterator[Page]:
    """Somebody of operations, signed in by keyboard."""
    expect.set_options(timeout=20_000)
    with chromium() as browser:
        shown = visitor(browser, centre.site.address)
        shown.goto("/connexion")
        expect(shown.get_by_label("Identifiant")).to_be_focused()
        shown.keyboard.type(OPERATOR.login)
        shown.keyboard.press("Tab")
        shown.keyboard.type(OPERATOR.password)
        shown.keyboard.press("Enter")
        shown.wait_for_url(lambda url: "/connexion" not in url)
        yield shown


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_dead_letter_is_replayed_in_the_browser_and_arrives(
    centre: Centre, pole: HttpApplication, operator: Page
) -> None:
    pole.answers += [(422, {}, b"refused"), (422, {}, b"refused")]
    dead = [centre.receive(number) for number in (1, 2)]
    operator.goto("/echecs")

    def are_seen() -> bool:
        operator.reload()
        return all(operator.get_by_label(f"Livraison {one}").count() == 1 for one in dead)

    _until(are_seen)
    assert pole.holds() == {}
    expect(operator.get_by_role("cell", name="http_422", exact=True)).to_be_visible()
    operator.get_by_role("button", name=f"Relancer http_422 vers {_POLE}").press("Enter")
    expect(operator.get_by_role("heading", name="Relancer 2 livraisons ?")).to_be_visible()
    expect(operator.get_by_role("button", name="Relancer 2 livraisons")).to_be_focused()
    operator.keyboard.press("Enter")
    expect(operator.get_by_text("2\u00a0livraisons relancées.")).to_be_visible()
    _until(lambda: len(pole.holds()) == 2)
    assert sorted(pole.holds()) == sorted(f"{one}-{_POLE}-1" for one in dead)
    assert pole.arrivals() == 2


def test_a_held_destination_gets_nothing_until_it_is_released(
    centre: Centre, pole: HttpApplication, operator: Page
) -> None:
    before = pole.arrivals()
    operator.goto("/retenues")
    operator.get_by_label("Destination, type ou site").select_option(f"destination:{_POLE}")
    operator.get_by_label("Motif").fill("maintenance du pôle")
    operator.keyboard.press("Enter")
    expect(operator.get_by_role("status")).to_contain_text("est retenu")
    held = centre.receive(3)
    operator.goto("/echecs")
    expect(operator.get_by_label(f"Livraison {held}")).to_be_visible()
    assert pole.arrivals() == before
    operator.goto("/retenues")
    operator.get_by_role("button", name=f"Lever la retenue {_POLE}").press("Enter")
    expect(operator.get_by_role("status")).to_contain_text("1\u00a0livraison libérée")
    _until(lambda: f"{held}-{_POLE}-1" in pole.holds())
    assert pole.arrivals() == before + 1
