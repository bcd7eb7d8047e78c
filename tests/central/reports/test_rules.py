"""Reports: what they count, and that page, CSV and PDF say the same."""

import csv
import datetime as dt
import io
import re

import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.errors import InputInvalid
from central.reports import files
from central.reports.rules import (
    LEAST_PEOPLE,
    SMALL_TEAMS,
    ColumnKind,
    FlowCounts,
    Table,
    TeamCounts,
    flow_table,
    team_table,
)
from central.reports.views import period_of

_NOW = dt.datetime(2026, 11, 26, 4, 0, tzinfo=dt.UTC)
_FLOWS = {
    "orleans": FlowCounts(1_200, 3_600, 900, 150, 150, 1_100, 12, 3),
    "gien": FlowCounts(0, 0, 0, 0, 0, 5, 0, 0),
}
_DELAYS = [
    ("orleans", dt.date(2026, 11, 3), dt.date(2026, 11, 5), 3),  # 2 working days
    ("orleans", dt.date(2026, 11, 6), dt.date(2026, 11, 9), 1),  # 1, over a week-end
    ("gien", dt.date(2026, 11, 10), dt.date(2026, 11, 12), 1),  # 1, over a holiday
]
_TABLE = flow_table("Site", _FLOWS, _DELAYS, {dt.date(2026, 11, 11)})


def test_rows_are_counts_rates_and_mean_delays() -> None:
    gien, orleans = _TABLE.rows
    assert orleans == ("orleans", 1_200, 3_600, 75.0, 150, 150, 1_100, 12, 3, 1.8)
    assert gien == ("gien", 0, 0, None, 0, 0, 5, 0, 0, 1.0)
    assert _TABLE.total == ("Total", 1_200, 3_600, 75.0, 150, 150, 1_105, 12, 3, 1.6)


def test_what_was_only_delivered_has_a_row_too() -> None:
    table = flow_table("Type", {}, [("S3110", _NOW.date(), _NOW.date(), 1)], ())
    assert [row[0] for row in table.rows] == ["S3110"]


_TEAMS = st.dictionaries(
    st.sampled_from(["", "A", "B", "C", "D"]),
    st.builds(TeamCounts, st.integers(1, 6), st.integers(0, 99), st.just(9.0), st.integers(0, 99)),
)


@given(_TEAMS)
def test_no_figure_of_a_team_is_of_too_few_people(teams: dict[str, TeamCounts]) -> None:
    table = team_table(teams)
    people = [int(row[1] or 0) for row in table.rows]
    everybody = sum(team.people for team in teams.values())
    assert all(count >= LEAST_PEOPLE for count in people)
    # Either all are told of, in one row or another, or there are too few to tell anything.
    assert sum(people) == everybody or (not people and everybody < LEAST_PEOPLE)
    if people:
        assert table.total[2] == sum(team.named for team in teams.values())
    else:
        assert not any(table.total[1:])


def test_teams_of_one_or_two_are_told_together() -> None:
    table = team_table(
        {"A": TeamCounts(3, 30, 60.0), "B": TeamCounts(2, 5, 5.0), "": TeamCounts(1, 1, 1.0)}
    )
    assert [(row[0], row[1], row[2]) for row in table.rows] == [("A", 3, 30), (SMALL_TEAMS, 3, 6)]
    assert table.rows[0][3] == 2.0


def _of_csv(table: Table) -> list[list[str]]:
    text = files.to_csv(table).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=";"))


def test_the_csv_opens_in_a_french_spreadsheet() -> None:
    raw = files.to_csv(_TABLE)
    assert raw.startswith(b"\xef\xbb\xbf")
    assert raw.count(b"\r\n") == 4
    head, gien, orleans, total = _of_csv(_TABLE)
    assert head[3] == "Sans intervention (%)"
    assert orleans == ["orleans", "1200", "3600", "75,0", "150", "150", "1100", "12", "3", "1,8"]
    assert gien[3] == ""
    assert total[0] == "Total"


@pytest.mark.parametrize("name", ["=1+1", "+cmd", "-2", "@SUM(A1)", "\tx"])
def test_a_name_is_never_a_formula(name: str) -> None:
    table = flow_table("Site", {name: FlowCounts(1)}, (), ())
    assert _of_csv(table)[1][0] == f"'{name}"


def _digits(text: str) -> str:
    return re.sub(r"[^\w,]", "", text)


@pytest.mark.parametrize(
    "table", [_TABLE, team_table({"Équipe « Cœur »": TeamCounts(3, 30, 61.0, 12, 40, 9_000.0)})]
)
def test_page_csv_and_pdf_tell_the_same_numbers(table: Table) -> None:
    pdf = files.to_pdf("Rapport par site", "novembre 2026", table, ("Note…",), _NOW)
    with pypdfium2.PdfDocument(pdf) as document:
        printed = _digits("".join(page.get_textpage().get_text_bounded() for page in document))
    rows = (*table.rows, table.total)
    for shown, plain, row in zip(
        (files.row_texts(table, row) for row in rows), _of_csv(table)[1:], rows, strict=True
    ):
        assert _digits("".join(shown)) in printed
        for text, number, value, column in zip(shown, plain, row, table.columns, strict=True):
            if isinstance(value, float) and column.kind is not ColumnKind.SECONDS:
                assert _digits(text).rstrip("j") == number
    assert "novembre2026" in printed
    assert "Imprimele26112026" in printed.replace("é", "e")


def test_a_long_report_has_its_heads_and_its_number_on_each_page() -> None:
    table = flow_table("Type", {f"S{n:04d}": FlowCounts(n) for n in range(60)}, (), ())
    pdf = files.to_pdf("Rapport par type", "novembre 2026", table, (), _NOW)
    with pypdfium2.PdfDocument(pdf) as document:
        texts = [page.get_textpage().get_text_bounded() for page in document]
        sizes = {(round(page.get_width()), round(page.get_height())) for page in document}
    assert sizes == {(842, 595)}
    for number, text in enumerate(texts, 1):
        assert f"Page {number} sur {len(texts)}" in text
        assert "Reçus" in text
    told = re.findall(r"S\d{4}", "".join(texts))
    assert told == [f"S{n:04d}" for n in range(60)]
    assert pdf.count(b"/FontFile2") == 2


def test_a_name_without_end_is_cut_and_its_numbers_are_not() -> None:
    table = flow_table("Pôle", {"Pôle " + "très " * 60: FlowCounts(123_456)}, (), ())
    pdf = files.to_pdf("Rapport par pôle", "novembre 2026", table, (), _NOW)
    with pypdfium2.PdfDocument(pdf) as document:
        text = document[0].get_textpage().get_text_bounded()
    assert "…" in text
    assert text.count("très") < 60
    assert "123456" in _digits(text)


def test_periods_are_days_and_months_of_french_time() -> None:
    november = period_of("2026-11")
    assert november.since.astimezone(dt.UTC).isoformat() == "2026-10-31T23:00:00+00:00"
    assert november.until.astimezone(dt.UTC).isoformat() == "2026-11-30T23:00:00+00:00"
    assert (november.beside(-1).code, november.beside(1).code) == ("2026-10", "2026-12")
    assert november.words == "novembre 2026"
    day = period_of("2026-03-01")
    assert (day.beside(-1).code, day.beside(1).code) == ("2026-02-28", "2026-03-02")
    # The night in which clocks change has 25 hours.
    assert (
        period_of("2026-10-25").until.timestamp() - period_of("2026-10-25").since.timestamp()
    ) == (25 * 3_600)


@pytest.mark.parametrize("text", ["2026", "2026-13", "2026-02-30", "1999-01", "x", "2026-11-1"])
def test_periods_that_cannot_be_are_refused(text: str) -> None:
    with pytest.raises(InputInvalid):
        period_of(text)
