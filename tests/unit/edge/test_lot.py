"""What a lot as a whole says of its documents."""

from dataclasses import replace

from edge import pack
from edge.document import Check, Document, Field, Role
from edge.lot import _with_what_is_missing
from tests.support.station import document_of

PLAN = pack.load(pack.default_dir()).plan
_NIR = "255081416802538"


def _document(kind: str, nir: str | None) -> Document:
    field = Field("nir", nir, "", 0.9, False, Check.OK, 0, None)
    return replace(document_of("1.tif", "0" * 64, Role.FRONT), type=kind, fields=(field,))


def _missing(*documents: Document) -> list[list[str]]:
    return [list(one.marks) for one in _with_what_is_missing(documents, PLAN, "17")]


def test_a_work_stoppage_alone_is_marked_as_without_its_salary_certificate() -> None:
    assert _missing(_document("S3116", _NIR)) == [["without:S3201"]]


def test_a_file_that_is_complete_for_one_person_carries_no_mark() -> None:
    assert _missing(_document("S3116", _NIR), _document("S3201", _NIR)) == [[], []]


def test_somebody_elses_document_or_an_unread_number_completes_nothing() -> None:
    other = "178121705512345"
    assert _missing(_document("S3116", _NIR), _document("S3201", other)) == [
        ["without:S3201"],
        ["without:S3116"],
    ]
    assert _missing(_document("S3116", None), _document("S3201", None)) == [
        ["without:S3201"],
        ["without:S3116"],
    ]


def test_a_type_that_needs_nothing_is_left_as_it_is() -> None:
    assert _missing(_document("S3110", _NIR)) == [[]]
