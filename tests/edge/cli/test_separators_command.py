"""``vaguemestre-edge separators`` prints what was asked for, or says what it can't print."""

from pathlib import Path

import pytest

from edge.cli.main import main
from edge.imaging import separators
from edge.imaging.decode import open_source
from edge.imaging.source_file import Limits
from edge.results import SeparatorKind

WANTED = [
    *("--header", "--lot", "Été 14", "--process", "DMT", "--fund", "17"),
    *("--received-on", "2026-03-02", "--expected-type", "S3704", "--expected-documents", "12"),
    *("--pages-each", "2", "--urgent", "--original-seen", "--count", "3"),
]


def test_the_pdf_holds_the_header_and_then_the_separators(tmp_path: Path) -> None:
    output = tmp_path / "feuilles à imprimer.pdf"
    assert main(["separators", "--output", str(output), *WANTED]) == 0
    with open_source(output.read_bytes(), Limits()) as source:
        seen = [separators.find_separator(source.page(i).gray, 200.0, []) for i in range(4)]
        assert source.page_count == 4
    found = [one.separator for one in seen if one]
    assert [f.kind for f in found] == [SeparatorKind.HEADER, *[SeparatorKind.DOCUMENT] * 3]
    header = found[0].header
    assert header is not None
    assert (header.process, header.fund, header.expected_type) == ("DMT", "17", "S3704")
    assert (header.expected_documents, header.pages_each) == (12, 2)
    assert (header.priority, header.original_seen) == (1, True)
    assert str(header.received_on) == "2026-03-02"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ([], "--header"),
        (["--count", "-1"], "--count"),
        (["--count", "1000000"], "--count"),
        (["--header", "--received-on", "2/3/2026"], "--received-on"),
        (["--header", "--process", "dmt"], "FSP, DMT"),
        (["--header", "--expected-type", "S9999"], "S3110"),
        (["--header", "--expected-documents", "0"], "--expected-documents"),
        (["--header", "--pages-each", "-2"], "--pages-each"),
        (["--header", "--fund", "é;"], "é;"),
    ],
)
def test_wrong_arguments_end_with_2_and_write_nothing(
    wrong: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "out.pdf"
    assert main(["separators", "--output", str(output), *wrong]) == 2
    assert said in capsys.readouterr().err
    assert not output.exists()


def test_a_folder_that_is_not_there_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "absent" / "out.pdf"
    assert main(["separators", "--output", str(output), "--count", "1"]) == 1
    assert "n'a pas pu être écrit" in capsys.readouterr().err
