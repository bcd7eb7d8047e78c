"""Metrics tell drift: what becomes of fields and how sure the station is of them."""

from edge.results import LotResult
from edge.telemetry import Telemetry
from vaguemestre.model.document import Check, Document, Field, Layout, Route, RouteKind


def field(name: str, value: str | None, *, accepted: bool, check: Check, raw: str = "x") -> Field:
    return Field(name, value, raw, 0.98, accepted, check, 0, None)


def value(events: Telemetry, name: str, **labels: str) -> float:
    return events.registry.get_sample_value(f"vaguemestre_edge_{name}", labels) or 0.0


def test_each_field_is_counted_by_what_became_of_it() -> None:
    events = Telemetry()
    fields = (
        field("nir", "1", accepted=True, check=Check.OK),
        field("total", "26.50", accepted=True, check=Check.REPAIRED),
        field("date", None, accepted=False, check=Check.FAILED),
        field("address", "RUE", accepted=False, check=Check.NONE),
        field("act_code", None, accepted=False, check=Check.NONE, raw=""),
    )
    route = Route(RouteKind.KEY, (), "FSP", "Frais de santé", "FRAIS_DE_SANTE")
    document = Document("S3110", 0.93, None, Layout.VERIFIED, route, (), fields)

    events.lot_read("lot", LotResult((document,), ()), pages=1, seconds=1.0)

    told = {
        name: value(events, "fields_read_total", type="S3110", field=name, outcome=outcome)
        for name, outcome in (
            ("nir", "accepted"),
            ("total", "accepted_repaired"),
            ("date", "failed"),
            ("address", "doubtful"),
            ("act_code", "empty"),
        )
    }
    assert told == dict.fromkeys(told, 1.0)
    assert value(events, "field_doubt_count", type="S3110") == 4
    assert value(events, "type_doubt_bucket", type="S3110", le="0.1") == 1
    assert value(events, "type_doubt_bucket", type="S3110", le="0.03") == 0
