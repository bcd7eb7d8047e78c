"""Pages of operations over real HTTP: who sees what, what is audited, what wrong input gets."""

import re
import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from central.accounts.rules import Role
from central.db.engine import transaction
from central.monitoring import flow_store
from central.rescans import store as rescans_store
from tests.support.central import document, store
from tests.support.console import PASSWORD, add_person, enter, serving, settings
from tests.support.mail import Line, Post
from tests.support.stored import deliver_next
from vaguemestre.model.lot import DocumentRecord

_NOBODY = "01a215ea-97b4-7fbf-93ed-c57a1e7e1a99"
_POLE = "FRAIS_DE_SANTE"
_NIR = "255081416802538"
_NOTHING = {"rien": "1"}
_PAGES = ("/exploitation", "/delais", "/lots", "/recherche", "/sites/gien")
_MAY = {
    Role.OPERATIONS: {"/exploitation", "/delais", "/lots", "/recherche", "/sites/gien", "doc"},
    Role.SUPERVISOR: {"/exploitation", "/delais", "/lots", "/recherche", "/sites/gien", "doc"},
    Role.AUDITOR: {"/exploitation", "/delais", "/lots", "/sites/gien", "doc"},
    Role.SCANNER: {"/lots"},
    Role.KEYER: set(),
    Role.ADMIN: set(),
}


@pytest.fixture
def client(engine: sa.Engine, tmp_path: Path) -> Iterator[httpx.Client]:
    with serving(settings(tmp_path, _POLE), engine) as found:
        yield found


@pytest.fixture
def mail(engine: sa.Engine, tmp_path: Path) -> DocumentRecord:
    """One document to key, with an image and a NIR in doubt."""
    line = Line("nir", "NIR", _NIR, read=_NIR)
    return Post(engine, tmp_path / "images").deliver("Facture", line, kind="key", code="S3110")


def _as(client: httpx.Client, engine: sa.Engine, *roles: Role, **limits: object) -> None:
    login = f"p{uuid.uuid4().hex[:8]}"
    add_person(engine, login, *roles, **limits)
    client.cookies.clear()
    client.headers.pop("x-csrf", None)
    enter(client, login, PASSWORD)


def _audited(engine: sa.Engine, action: str) -> list[sa.Row[tuple[str, dict[str, object]]]]:
    query = sa.text("SELECT subject, detail, actor FROM audit WHERE action = :action ORDER BY id")
    with transaction(engine) as connection:
        return list(connection.execute(query, {"action": action}))


# --- who sees what


@pytest.mark.parametrize("role", Role)
def test_each_role_sees_its_pages_and_no_other(
    client: httpx.Client, engine: sa.Engine, mail: DocumentRecord, role: Role
) -> None:
    _as(client, engine, role)
    for path in _PAGES:
        wanted = 200 if path in _MAY[role] else 403
        assert client.get(path).status_code == wanted, path
    wanted = 200 if "doc" in _MAY[role] else 403
    assert client.get(f"/documents/{mail.id}").status_code == wanted


def test_nobody_sees_anything_without_signing_in(
    client: httpx.Client, mail: DocumentRecord
) -> None:
    for path in (*_PAGES, f"/documents/{mail.id}", f"/lots/{mail.lot.id}"):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["location"][:10]) == (303, "/connexion")
    assert client.get("/api/board/view").status_code == 401


def test_sites_and_poles_limit_every_page(
    client: httpx.Client, engine: sa.Engine, mail: DocumentRecord
) -> None:
    _as(client, engine, Role.OPERATIONS, sites=["orleans"])
    for path in (f"/documents/{mail.id}", f"/lots/{mail.lot.id}", "/sites/gien"):
        assert client.get(path).status_code == 403, path
    assert client.get("/delais?site=gien").status_code == 400
    for path in ("/exploitation", "/lots", "/delais"):
        assert "gien" not in client.get(path).text
    assert client.get("/api/board").json()["totals"]["documents"] == 0
    assert client.get("/api/documents").json()["documents"] == []
    assert str(mail.id) not in client.post("/recherche", data={"nir": _NIR}).text
    _as(client, engine, Role.OPERATIONS, poles=["CNSE"])
    assert client.get(f"/documents/{mail.id}").status_code == 403
    assert client.get("/api/board").json()["totals"]["to_key"] == 0
    assert str(mail.id) not in client.get(f"/lots/{mail.lot.id}").text


def test_a_scanner_operator_sees_counts_and_requests_of_their_site_and_no_document(
    client: httpx.Client, engine: sa.Engine, mail: DocumentRecord
) -> None:
    with transaction(engine) as connection:
        connection.execute(
            sa.text(
                "INSERT INTO rescans (id, document_id, site, station, lot_name, reason, person_id) "
                "VALUES (:id, :id, 'gien', 'poste-1', 'courrier 1', 'Coin replié.', :person)"
            ),
            {"id": mail.id, "person": add_person(engine, "asks", Role.KEYER)},
        )
    _as(client, engine, Role.SCANNER, sites=["gien"])
    assert "Coin replié." in client.get("/lots").text
    page = client.get(f"/lots/{mail.lot.id}").text
    assert "Les quatre comptes" in page
    assert f"/documents/{mail.id}" not in page
    _as(client, engine, Role.SCANNER, sites=["orleans"])
    assert "Coin replié." not in client.get("/lots").text
    assert client.get(f"/lots/{mail.lot.id}").status_code == 403


# --- a document's page


def test_operations_see_images_boxes_and_values_and_are_audited(
    client: httpx.Client, engine: sa.Engine, mail: DocumentRecord
) -> None:
    _as(client, engine, Role.OPERATIONS)
    page = client.get(f"/documents/{mail.id}").text
    assert _NIR in page
    image = re.search(r'<img src="([^"]+)"', page)
    assert image is not None
    answer = client.get(image[1].replace("&amp;", "&"))
    assert (answer.status_code, answer.headers["content-type"][:6]) == (200, "image/")
    assert 'viewBox="0 0 210.0 297.0"' in page
    assert re.search(r'<rect data-field="0" class="unsure" x="85.0" y="45.0"', page)
    (line,) = _audited(engine, "document_viewed")
    assert (line.subject, line.detail) == (str(mail.id), {"content": True})
    assert line.actor.startswith("person:")


def test_auditors_see_what_was_done_but_no_image_and_no_value(
    client: httpx.Client, engine: sa.Engine, mail: DocumentRecord
) -> None:
    _as(client, engine, Role.AUDITOR)
    page = client.get(f"/documents/{mail.id}").text
    assert "Ligne de vie" in page
    assert "model PP-OCRv6" in page
    assert _NIR not in page
    assert '<img src="/api' not in page
    assert client.get(f"/api/documents/{mail.id}/pages/0/image").status_code == 403


def test_a_document_s_life_is_told_from_the_scanner_to_the_pole_and_back(
    client: httpx.Client, engine: sa.Engine
) -> None:
    made = store(engine, document())
    deliver_next(engine, [made.document.route.destination])
    _as(client, engine, Role.OPERATIONS)
    sent = {"destination": _POLE, "cause": "wrong_pole", "comment": "appel du pôle"}
    answer = client.post(f"/documents/{made.id}/rendre", data=sent)
    assert answer.status_code == 303
    page = client.get(f"/documents/{made.id}").text
    told = re.findall(r"</time> <strong>([^<]+)</strong>", page)
    assert told == [
        "Reçu à la station", "Lu par la station", "Enregistré au centre",
        f"Livraison décidée vers {_POLE}", f"Livré à {_POLE}", f"Rendu par {_POLE}",
    ]  # fmt: skip
    assert "à nommer" in page
    (line,) = _audited(engine, "document_returned")
    assert line.actor.startswith("person:")
    again = client.post(f"/documents/{made.id}/rendre", data=sent)
    assert again.status_code == 409


def test_operations_hurry_a_document_and_send_it_back_to_naming(
    client: httpx.Client, engine: sa.Engine, mail: DocumentRecord
) -> None:
    _as(client, engine, Role.OPERATIONS)
    assert client.post(f"/documents/{mail.id}/urgent", data={"urgent": "1"}).status_code == 303
    assert "Ne plus traiter en urgence" in client.get(f"/documents/{mail.id}").text
    assert client.post(f"/documents/{mail.id}/urgent", data={"urgent": "2"}).status_code == 400
    assert client.post(f"/documents/{mail.id}/nommer", data={"reason": " "}).status_code == 400
    sent = client.post(f"/documents/{mail.id}/nommer", data={"reason": "mauvais type"})
    assert sent.status_code == 303
    (line,) = _audited(engine, "document_sent_to_naming")
    assert line.detail == {"reason": "mauvais type"}
    came_from = {"Referer": f"{client.base_url.copy_with(path=f'/documents/{mail.id}')}"}
    again = client.post(
        f"/documents/{mail.id}/nommer", data={"reason": "encore"}, headers=came_from
    )
    assert again.status_code == 409
    assert f'<a href="/documents/{mail.id}">Revenir à la page précédente' in again.text
    assert "du document ne le permet plus" in again.text


@pytest.mark.parametrize("state", ["discarded", "to_rescan"])
def test_what_waits_elsewhere_or_was_given_up_can_be_brought_back_unless_it_was_joined(
    client: httpx.Client, engine: sa.Engine, mail: DocumentRecord, state: str
) -> None:
    _as(client, engine, Role.OPERATIONS)
    path, sent = f"/documents/{mail.id}/nommer", {"reason": "à revoir"}
    change = sa.text("UPDATE documents SET state = :state, joined_into = :into")
    with transaction(engine) as connection:
        connection.execute(change, {"state": state, "into": uuid.uuid4()})
    assert "Renvoyer à nommer" not in client.get(f"/documents/{mail.id}").text
    assert client.post(path, data=sent).status_code == 409
    with transaction(engine) as connection:
        connection.execute(change, {"state": state, "into": None})
    assert "Renvoyer à nommer" in client.get(f"/documents/{mail.id}").text
    assert client.post(path, data=sent).status_code == 303


@pytest.mark.parametrize("role", [Role.OPERATIONS, Role.SUPERVISOR])
def test_a_request_to_scan_again_is_withdrawn_on_the_document_s_page(
    client: httpx.Client, engine: sa.Engine, mail: DocumentRecord, role: Role
) -> None:
    asks = add_person(engine, "asks", Role.KEYER)
    rescans_store.request_rescan(engine, mail.id, asks, "person:asks", "page floue")
    path = f"/documents/{mail.id}/retirer-demande"
    _as(client, engine, Role.OPERATIONS)
    assert f'href="/documents/{mail.id}"' in client.get("/lots").text
    _as(client, engine, role, sites=["ailleurs"])
    assert client.post(path, data=_NOTHING).status_code == 403
    _as(client, engine, role)
    assert "Retirer la demande" in client.get(f"/documents/{mail.id}").text
    assert client.post(path, data=_NOTHING).status_code == 303
    page = client.get(f"/documents/{mail.id}").text
    assert "Retirer la demande" not in page
    told = re.findall(r"</time> <strong>([^<]*umérisation[^<]*)</strong>", page)
    assert told == ["Nouvelle numérisation demandée", "Demande de nouvelle numérisation retirée"]
    assert rescans_store.open_for(engine, mail.site, mail.station) == ()
    assert client.post(path, data=_NOTHING).status_code == 409


def test_a_document_sent_back_to_naming_is_no_longer_asked_of_its_station(
    client: httpx.Client, engine: sa.Engine, mail: DocumentRecord
) -> None:
    asks = add_person(engine, "asks", Role.KEYER)
    rescans_store.request_rescan(engine, mail.id, asks, "person:asks", "page floue")
    _as(client, engine, Role.OPERATIONS)
    sent = client.post(f"/documents/{mail.id}/nommer", data={"reason": "retrouvé"})
    assert sent.status_code == 303
    assert [line.subject for line in _audited(engine, "rescan_withdrawn")] == [str(mail.id)]
    assert "numériser de nouveau" not in client.get("/lots").text


@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.AUDITOR])
def test_only_operations_act_on_a_document(
    client: httpx.Client, engine: sa.Engine, mail: DocumentRecord, role: Role
) -> None:
    _as(client, engine, role)
    assert "Agir" not in client.get(f"/documents/{mail.id}").text
    for act in ("urgent", "nommer", "rendre"):
        assert client.post(f"/documents/{mail.id}/{act}", data={}).status_code == 403
    may_withdraw = role is Role.SUPERVISOR
    answer = client.post(f"/documents/{mail.id}/retirer-demande", data=_NOTHING)
    assert answer.status_code == (409 if may_withdraw else 403)


# --- search


@pytest.mark.parametrize(
    "form",
    [
        {"nir": _NIR}, {"nir": "2 55 08 14 168 025"}, {"lot": "COURRIER"}, {"type": "S3110"},
        {"site": "gien", "first": "2026-11-01", "last": "2026-11-30"},
    ],
)  # fmt: skip
def test_a_document_is_found_by_what_is_known_of_it(
    client: httpx.Client, engine: sa.Engine, mail: DocumentRecord, form: dict[str, str]
) -> None:
    _as(client, engine, Role.SUPERVISOR)
    assert f"/documents/{mail.id}" in client.post("/recherche", data=form).text


def test_a_document_and_its_lot_are_found_by_their_ids(
    client: httpx.Client, engine: sa.Engine, mail: DocumentRecord
) -> None:
    _as(client, engine, Role.OPERATIONS)
    for text in (str(mail.id), mail.id.hex[:8]):
        assert f"/documents/{mail.id}" in client.post("/recherche", data={"id": text}).text
    assert f"/lots/{mail.lot.id}" in client.post("/recherche", data={"id": mail.lot.id}).text


def test_a_search_is_audited_without_the_nir_itself(
    client: httpx.Client, engine: sa.Engine, mail: DocumentRecord
) -> None:
    _as(client, engine, Role.OPERATIONS)
    client.post("/recherche", data={"nir": _NIR, "type": "S3110"})
    (line,) = _audited(engine, "documents_searched")
    assert line.detail == {"by": {"nir": True, "type": "S3110"}, "shown": [str(mail.id)]}
    with transaction(engine) as connection:
        trail = connection.scalar(sa.text("SELECT string_agg(CAST(audit AS text), '') FROM audit"))
    assert _NIR[:13] not in str(trail)


def test_many_results_come_page_after_page(client: httpx.Client, engine: sa.Engine) -> None:
    lot = uuid.uuid4()
    for n in range(60):
        store(engine, document(lot_id=lot, position=n))
    _as(client, engine, Role.OPERATIONS)
    first = client.post("/recherche", data={"type": "S3110"}).text
    mark = re.search(r'name="before" value="([^"]+)"', first)
    assert mark is not None
    second = client.post("/recherche", data={"type": "S3110", "before": mark[1]}).text
    shown = [set(re.findall(r"/documents/([0-9a-f-]{36})", page)) for page in (first, second)]
    assert [len(ids) for ids in shown] == [50, 10]
    assert not shown[0] & shown[1]


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"nir": "255081416802539"}, "La clé de ce NIR est fausse"),
        ({"nir": "1234"}, "Un NIR a 13 caractères"),
        ({"id": "zz"}, "8 chiffres"),
        ({"first": "2026-12-02", "last": "2026-12-01"}, "La fin précède le début"),
        ({"first": "hier"}, "Champ en cause"),
        ({"before": "x_y"}, "Champ en cause"),
        ({"before": f"2026-13-45_{_NOBODY}"}, "Champ en cause"),
        ({"lot": "x" * 101}, "Champ en cause"),
        ({"lot": "a\0b"}, "Champ en cause"),
    ],
)
def test_what_cannot_be_searched_for_is_told_in_french_and_searched_for_by_nobody(
    client: httpx.Client, engine: sa.Engine, form: dict[str, str], told: str
) -> None:
    _as(client, engine, Role.OPERATIONS)
    answer = client.post("/recherche", data=form)
    assert answer.status_code == 400
    assert told in answer.text
    assert _audited(engine, "documents_searched") == []


def test_a_problem_leads_back_to_our_own_pages_alone(
    client: httpx.Client, engine: sa.Engine
) -> None:
    _as(client, engine, Role.OPERATIONS)
    for elsewhere in ("https://ailleurs.example/lots", "//ailleurs.example", "http://["):
        answer = client.get("/lots/abc", headers={"Referer": elsewhere})
        assert answer.status_code == 404
        assert "page précédente" not in answer.text


def test_a_nir_in_an_address_is_refused(client: httpx.Client, engine: sa.Engine) -> None:
    _as(client, engine, Role.OPERATIONS)
    assert client.get(f"/recherche?nir={_NIR}").status_code == 400
    assert client.get("/recherche?type=S3110").status_code == 200


# --- boards, lots and sites


def test_the_board_shows_flow_queues_stations_and_lots(
    client: httpx.Client, engine: sa.Engine, mail: DocumentRecord
) -> None:
    flow_store.recount_hours(engine, mail.lot.received_at.replace(year=2030))
    _as(client, engine, Role.OPERATIONS)
    page = client.get("/exploitation").text
    assert "1</strong> <span>à vidéocoder" in page
    assert f"/lots/{mail.lot.id}" in page
    part = client.get("/api/board/view").text
    assert part.count("data-part=") == page.count("data-part=") == 9
    assert "<html" not in part


def test_delays_are_told_by_type_with_what_is_late(client: httpx.Client, engine: sa.Engine) -> None:
    made = store(engine, document(kind="key"))
    with transaction(engine) as connection:
        connection.execute(sa.text("UPDATE documents SET due_on = now() - interval '20 days'"))
    _as(client, engine, Role.AUDITOR)
    page = client.get("/delais").text
    assert re.search(r'<li class="bad"><strong>1</strong> <span>en retard', page)
    assert f"/documents/{made.id}" in page
    assert "rien n'avance" in page


def test_a_lot_s_page_says_where_its_counts_do_not_agree(
    client: httpx.Client, engine: sa.Engine, mail: DocumentRecord
) -> None:
    with transaction(engine) as connection:
        connection.execute(
            sa.text(
                "UPDATE lots SET expected_pages = 4, counted_pages = 3, documents = 2, "
                "document_pages = 3, loose_pages = 0, state = 'read', set_aside = "
                """'[{"file": "9.tif", "page": 1, "code": "file_empty", "reason": "Vide."}]'"""
            )
        )
    _as(client, engine, Role.OPERATIONS)
    page = client.get(f"/lots/{mail.lot.id}").text
    assert "scanner 4 ≠ station 3 pages" in page
    assert "station 2 ≠ centre 1 documents" in page
    assert page.count('class="differs"') == 1
    assert "Vide." in page


def test_a_site_s_page_shows_its_stations(client: httpx.Client, engine: sa.Engine) -> None:
    store(engine, document())
    with transaction(engine) as connection:
        connection.execute(
            sa.text(
                "INSERT INTO stations (site, station, versions, heartbeat_at, certificate_until) "
                """VALUES ('gien', 'poste-7', '{"plan": "2026-11"}', now(), """
                "now() + interval '12 days 1 hour')"
            )
        )
    _as(client, engine, Role.AUDITOR)
    page = client.get("/sites/gien").text
    assert "poste-7" in page
    assert '<span class="tag bad">12 j</span>' in page
    assert "2026-11" in page


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"/documents/{_NOBODY}", 404), ("/documents/x", 404), (f"/lots/{_NOBODY}", 404),
        ("/lots/x", 404), ("/sites/nowhere", 404), ("/sites/a%00b", 404), ("/lots?state=x", 400),
        ("/lots?before=1", 400), (f"/lots?before=2026-01-01_{_NOBODY}", 400),
        ("/delais?site=nowhere", 400),
    ],
)  # fmt: skip
def test_addresses_that_mean_nothing_get_a_french_page(
    client: httpx.Client, engine: sa.Engine, path: str, status: int
) -> None:
    _as(client, engine, Role.OPERATIONS)
    answer = client.get(path)
    assert answer.status_code == status
    assert "Revenir à l'accueil" in answer.text
    assert "Traceback" not in answer.text


def test_a_lot_s_documents_cannot_be_turned_over_to_nowhere(
    client: httpx.Client, engine: sa.Engine, mail: DocumentRecord
) -> None:
    _as(client, engine, Role.OPERATIONS)
    for after in ("x", f"-1_{mail.id}", f"99999999999_{mail.id}", f"²_{mail.id}"):
        path = f"/lots/{mail.lot.id}"
        assert client.get(path, params={"after": after}).status_code == 400
    assert f"/documents/{mail.id}" in client.get(f"/lots/{mail.lot.id}").text
