"""The centre's counters begin where Prometheus can see them rise."""

from pathlib import Path

import pytest
from pydantic import TypeAdapter

from central.config import Intake
from central.errors import CentralError, ConfigInvalid, DocumentInvalid, StoreUnavailable
from central.intake import server
from central.telemetry import Telemetry
from tests.support.certificates import Authority


def _value(events: Telemetry, name: str, **labels: str) -> float | None:
    return events.registry.get_sample_value(f"vaguemestre_central_{name}", labels)


@pytest.mark.parametrize("error", [CentralError, StoreUnavailable, DocumentInvalid])
def test_an_error_is_told_as_0_before_it_happens(error: type[CentralError]) -> None:
    events = Telemetry("test")
    assert _value(events, "errors_total", code=error.code) == 0.0
    assert _value(events, "refusals_total", code=error.code) == 0.0
    events.failed(error.code)
    assert _value(events, "errors_total", code=error.code) == 1.0


def test_streams_are_counted_while_they_are_open() -> None:
    events = Telemetry("test")
    events.stream_opened("gien", "poste-1")
    events.stream_opened("gien", "poste-2")
    events.stream_closed("gien", "poste-1", "cut")
    assert _value(events, "streams_open", site="gien") == 1.0
    assert _value(events, "streams_total", site="gien") == 2.0


def test_documents_are_counted_by_what_the_station_decided() -> None:
    events = Telemetry("test")
    for route in ("straight", "straight", "key"):
        events.document_stored("gien", "id", route, again=False)
    told = _value(events, "documents_total", site="gien", route="straight", again="false")
    assert told == 2.0


def _intake(certificate: Path, key: Path, authority: Authority) -> Intake:
    told = {"listen": "127.0.0.1:0", "ca_file": authority.file, "certificate_file": certificate}
    return TypeAdapter(Intake).validate_python({**told, "key_file": key})


def test_the_certificate_that_stations_see_is_told_until_when(tmp_path: Path) -> None:
    authority, events = Authority(tmp_path), Telemetry("test")
    assert _value(events, "certificate_expiry_timestamp_seconds") == 0.0
    own = authority.server()
    server._credentials(_intake(own.certificate, own.key, authority), events)
    until = _value(events, "certificate_expiry_timestamp_seconds")
    assert until is not None
    year = 365 * 86_400
    assert abs(until - (authority._now.timestamp() + year)) <= 1.0


def test_a_file_that_is_no_certificate_is_named(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    wrong = tmp_path / "wrong.pem"
    wrong.write_text("no certificate", "ascii")
    with pytest.raises(ConfigInvalid, match=r"wrong\.pem"):
        server._credentials(_intake(wrong, authority.server().key, authority), Telemetry("test"))
