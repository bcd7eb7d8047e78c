"""Pages become documents; nothing is empty, nothing is lost."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge import pack
from edge.document import (
    Layout,
    LotHeader,
    PageReading,
    PageRef,
    Role,
    Separator,
    SeparatorKind,
    TypeGuess,
)
from edge.reading.split import PAGE_MISSING, Assembly, Gap, assemble

PLAN = pack.load(pack.default_dir()).plan
CUTS = {
    "T": SeparatorKind.PATCH_T,
    "3": SeparatorKind.PATCH_3,
    "D": SeparatorKind.DOCUMENT,
    "B": SeparatorKind.BARCODE,
}
TYPES = {"F": "S3110", "M": "S3704", "o": "ordonnance", "u": "unknown", "c": "courrier"}


def page(letter: str, index: int, header: LotHeader | None = None) -> PageReading | Gap:
    """One page: F, M forms; f, m backs; o, u, c others; _ blank; ! unread; 2HT3DB separators."""
    ref = PageRef("lot.tif", index, "0" * 64)
    if letter == "!":
        return Gap(ref)
    if letter == "_":
        return PageReading(ref, is_blank=True)
    if letter in CUTS:
        return PageReading(ref, separator=Separator(CUTS[letter]))
    if letter == "H":
        kind = SeparatorKind.HEADER
        return PageReading(ref, separator=Separator(kind, "", header or LotHeader()))
    if letter == "2":
        guess = (TypeGuess("courrier", 0.95),)
        return PageReading(ref, separator=Separator(SeparatorKind.PATCH_2), guesses=guess)
    is_form = letter.upper() in "FM"
    return PageReading(
        ref,
        is_back=letter in "fm",
        guesses=(TypeGuess(TYPES[letter.upper() if is_form else letter], 0.97),),
        layout=Layout.VERIFIED if is_form else None,
    )


def cut(lot: str, header: LotHeader | None = None, *, sheet: LotHeader | None = None) -> Assembly:
    return assemble([page(c, i, sheet) for i, c in enumerate(lot)], PLAN, "17", header)


def told(assembly: Assembly, lot: str) -> tuple[list[str], str]:
    """Each document's letters, and the loose ones."""
    documents = ["".join(lot[p.ref.index] for p in draft.pages) for draft in assembly.drafts]
    return documents, "".join(lot[p.ref.index] for p in assembly.loose)


@pytest.mark.parametrize("separator", CUTS)
@pytest.mark.parametrize(
    ("shape", "documents"),
    [
        ("ucScu", ["uc", "cu"]),  # in the middle
        ("uSScS", ["u", "c"]),  # two in a row, and last
        ("SSu", ["u"]),  # first
        ("S", []),  # alone
        ("SSS", []),
        ("u_S_Su", ["u_", "u"]),  # with a blank between two
    ],
)
def test_separators_cut_and_make_no_empty_document(
    separator: str, shape: str, documents: list[str]
) -> None:
    lot = shape.replace("S", separator)
    found, loose = told(cut(lot), lot)
    assert found == documents
    assert loose.replace("_", "") == separator * shape.count("S")


def test_a_header_sheet_is_no_document_and_says_nothing_of_cuts() -> None:
    sheet = LotHeader(process="FSP", expected_documents=2)
    assembly = cut("HFF", sheet=sheet)
    assert told(assembly, "HFF") == (["F", "F"], "H")
    assert assembly.header == sheet


def test_a_header_sheet_wins_over_the_index() -> None:
    sheet = LotHeader(process="DMT")
    assert cut("HF", LotHeader(process="FSP"), sheet=sheet).header == sheet
    assert cut("F", LotHeader(process="FSP")).header == LotHeader(process="FSP")


def test_a_patch_2_opens_a_document_and_stays_in_it() -> None:
    assembly = cut("c2c2")
    assert told(assembly, "c2c2") == (["c", "2c", "2"], "")
    assert [draft.separated for draft in assembly.drafts] == [False, True, True]


def test_a_form_opens_a_document_and_its_back_stays_with_it() -> None:
    lot = "FfFFfM_mF"
    assert told(cut(lot), lot)[0] == ["Ff", "F", "Ff", "M_m", "F"]


def test_roles_tell_fronts_backs_attachments_and_blanks_apart() -> None:
    (draft,) = cut("Ff_o").drafts
    roles = [page.role for page in draft.pages]
    assert roles == [Role.FRONT, Role.BACK, Role.BLANK, Role.ATTACHMENT]


def test_a_prescription_joins_a_form_whose_plan_allows_it_and_a_letter_does_not() -> None:
    lot = "FooFcMo"
    assert told(cut(lot), lot)[0] == ["Foo", "F", "c", "M", "o"]


def test_between_separators_pages_stay_together_but_for_another_form() -> None:
    lot = "TcucTuFu"
    assert told(cut(lot), lot)[0] == ["cuc", "u", "Fu"]


def test_a_header_s_pages_each_cut_where_nothing_else_does() -> None:
    lot = "cccc_cc"
    assert told(cut(lot, LotHeader(pages_each=2)), lot)[0] == ["cc", "cc_", "cc"]


def test_a_blank_back_counts_for_no_page() -> None:
    lot = "c_c_"
    assert told(cut(lot, LotHeader(pages_each=2)), lot)[0] == ["c_c_"]


def test_blanks_before_any_document_are_loose_and_alone_they_are_one_for_a_person() -> None:
    assert told(cut("__F"), "__F") == (["F"], "__")
    assembly = cut("__")
    assert told(assembly, "__") == (["__"], "")
    assert assembly.drafts[0].guess.type == "unknown"


def test_what_stands_around_an_unread_page_is_marked() -> None:
    lot = "F!fF!uF"
    assembly = cut(lot)
    assert told(assembly, lot)[0] == ["Ff", "F", "u", "F"]
    marked = [PAGE_MISSING in draft.marks for draft in assembly.drafts]
    assert marked == [True, True, True, False]


def test_an_unread_page_before_a_form_says_nothing_of_the_form() -> None:
    assembly = cut("!F")
    assert [draft.marks for draft in assembly.drafts] == [()]


def test_a_lot_of_nothing_is_nothing() -> None:
    assert assemble([], PLAN, "17") == Assembly((), (), None)
    assert cut("!!").drafts == ()


@given(st.text(alphabet="FfMmouc_!2HT3DB", max_size=30), st.sampled_from([None, 1, 2, 5]))
def test_every_page_is_somewhere_once_and_in_order(lot: str, pages_each: int | None) -> None:
    assembly = cut(lot, LotHeader(pages_each=pages_each) if pages_each else None)
    documents = [[p.ref.index for p in draft.pages] for draft in assembly.drafts]
    loose = [p.ref.index for p in assembly.loose]
    everything = sorted([i for document in documents for i in document] + loose)
    assert everything == [i for i, letter in enumerate(lot) if letter != "!"]
    assert all(documents)
    assert _flat(documents) == sorted(_flat(documents))
    assert loose == sorted(loose)
    if set(lot) - set("_!HT3DB"):
        for draft in assembly.drafts:
            assert any(p.role is not Role.BLANK for p in draft.pages)


def _flat(documents: Sequence[Sequence[int]]) -> list[int]:
    return [index for document in documents for index in document]


def _sides(lot: str, files: Sequence[str] | None = None) -> list[str]:
    """Cut a lot of two-sided sheets; ``files`` names the file of each page, else one has all."""
    pages = []
    for index, letter in enumerate(lot):
        made = page(letter, index)
        name = files[index] if files else "lot.tif"
        pages.append(replace(made, ref=replace(made.ref, file=name)))
    return told(assemble(pages, PLAN, "17", duplex=True), lot)[0]


def test_both_sides_of_a_sheet_stay_together_whatever_they_look_like() -> None:
    assert _sides("ucuFoc") == ["uc", "uF", "oc"]
    assert told(cut("ucuFoc"), "ucuFoc")[0] == ["u", "cu", "Fo", "c"]


def test_the_back_of_a_separator_sheet_opens_no_document_and_costs_no_side() -> None:
    assert _sides("D_uc") == ["uc"]


def test_single_images_are_sides_in_turn_and_a_file_begins_a_sheet() -> None:
    assert _sides("ucuc", ["1.jpg", "2.jpg", "3.jpg", "4.jpg"]) == ["uc", "uc"]
    assert _sides("ucucc", ["a.tif", "a.tif", "a.tif", "b.tif", "b.tif"]) == ["uc", "u", "cc"]


def test_a_header_sheet_rules_what_follows_it_up_to_a_patch_3() -> None:
    pages = [
        page("H", 0, LotHeader(process="FSP", expected_documents=1)),
        page("F", 1),
        page("H", 2, LotHeader(process="DMT", expected_documents=2)),
        page("M", 3),
        page("3", 4),
        page("c", 5),
    ]
    made = assemble(pages, PLAN, "17", LotHeader(process="AUTRE"))
    told_of = [draft.header.process if draft.header else "" for draft in made.drafts]
    assert told_of == ["FSP", "DMT", "AUTRE"]
    assert made.header is not None
    assert (made.header.process, made.header.expected_documents) == ("FSP", 3)
