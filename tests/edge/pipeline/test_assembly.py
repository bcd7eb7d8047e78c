"""Pages become documents; nothing is empty, nothing is lost."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.pipeline.assembly import (
    OTHER_PERSON,
    PAGE_MISSING,
    PAGE_UNEXPECTED,
    RHYTHM_BROKEN,
    Assembly,
    assemble_documents,
)
from edge.pipeline.sides import MissingPage
from edge.results import BoxPx, PageReading, Separator, SeparatorKind, TextLine, TypeGuess
from vaguemestre import pack
from vaguemestre.model.document import Check, Field, ImageRef, Layout, PageRole
from vaguemestre.model.lot import LotHeader

PLAN = pack.load(pack.default_dir()).plan
CUTS = {
    "T": SeparatorKind.PATCH_T,
    "3": SeparatorKind.PATCH_3,
    "D": SeparatorKind.DOCUMENT,
    "B": SeparatorKind.BARCODE,
}
TYPES = {"F": "S3110", "M": "S3704", "o": "ordonnance", "u": "unknown", "c": "courrier"}


def page(letter: str, index: int, header: LotHeader | None = None) -> PageReading | MissingPage:
    """One page: F, M forms; f, m backs; o, u, c others; _ blank; ! unread; 2HT3DB separators."""
    ref = ImageRef("lot.tif", index, "0" * 64)
    if letter == "!":
        return MissingPage(ref)
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
    return assemble_documents([page(c, i, sheet) for i, c in enumerate(lot)], PLAN, "17", header)


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


def _stuck(letter: str, index: int, kind: SeparatorKind) -> PageReading:
    """A page with content that bears a separator's code."""
    made = page(letter, index)
    assert isinstance(made, PageReading)
    header = LotHeader(process="DMT") if kind is SeparatorKind.HEADER else None
    return replace(made, separator=Separator(kind, "", header, is_on_content=True))


@pytest.mark.parametrize("kind", SeparatorKind)
def test_a_page_with_content_opens_a_document_and_stays_in_it_whatever_code_it_bears(
    kind: SeparatorKind,
) -> None:
    pages = [page("c", 0), _stuck("c", 1, kind), page("u", 2), _stuck("F", 3, kind)]
    assembly = assemble_documents(pages, PLAN, "17")
    assert told(assembly, "ccuF") == (["c", "cu", "F"], "")
    assert [draft.separated for draft in assembly.drafts] == [False, True, True]
    if kind is SeparatorKind.HEADER:
        assert assembly.header == LotHeader(process="DMT")
        assert [draft.header is not None for draft in assembly.drafts] == [True, True, True]


def test_a_sticker_begins_the_rhythm_of_sides_anew() -> None:
    letters = "F_F_FFuF_"
    pages = [page(letter, i) for i, letter in enumerate(letters)]
    pages[5] = _stuck("F", 5, SeparatorKind.BARCODE)
    pages += [page(letter, len(letters) + i) for i, letter in enumerate("F_")]
    assembly = assemble_documents(pages, PLAN, "17", duplex=True)
    assert told(assembly, letters + "F_")[0] == ["F_", "F_", "F", "Fu", "F_", "F_"]
    broken = [RHYTHM_BROKEN in draft.marks for draft in assembly.drafts]
    assert broken == [False, False, True, False, False, False]


def test_a_form_opens_a_document_and_its_back_stays_with_it() -> None:
    lot = "FfFFfM_mF"
    assert told(cut(lot), lot)[0] == ["Ff", "F", "Ff", "M_m", "F"]


def test_roles_tell_fronts_backs_attachments_and_blanks_apart() -> None:
    (draft,) = cut("Ff_o").drafts
    roles = [page.role for page in draft.pages]
    assert roles == [PageRole.FRONT, PageRole.BACK, PageRole.BLANK, PageRole.ATTACHMENT]


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
    assert assemble_documents([], PLAN, "17") == Assembly((), (), None)
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
            assert any(p.role is not PageRole.BLANK for p in draft.pages)


def _flat(documents: Sequence[Sequence[int]]) -> list[int]:
    return [index for document in documents for index in document]


def _both_sides(lot: str, files: Sequence[str] | None = None) -> Assembly:
    """Cut a lot of two-sided sheets; ``files`` names the file of each page, else one has all."""
    pages = []
    for index, letter in enumerate(lot):
        made = page(letter, index)
        name = files[index] if files else "lot.tif"
        pages.append(replace(made, ref=replace(made.ref, file=name)))
    return assemble_documents(pages, PLAN, "17", duplex=True)


def _sides(lot: str, files: Sequence[str] | None = None) -> list[str]:
    return told(_both_sides(lot, files), lot)[0]


def _broken(lot: str, files: Sequence[str] | None = None) -> list[str]:
    """The documents that are marked because sides do not follow each other in turn."""
    assembly = _both_sides(lot, files)
    names = told(assembly, lot)[0]
    return [
        name
        for name, draft in zip(names, assembly.drafts, strict=True)
        if RHYTHM_BROKEN in draft.marks
    ]


def test_both_sides_of_a_sheet_stay_together_whatever_they_look_like() -> None:
    assert _sides("ucuuoc") == ["uc", "uu", "oc"]
    assert told(cut("ucuuoc"), "ucuuoc")[0] == ["u", "cuu", "o", "c"]
    assert _broken("ucuuoc") == []


def test_a_sure_first_page_opens_its_document_where_a_back_must_lie() -> None:
    """A blank back was dropped, two sheets were fed at once, or a file was lost."""
    assert _sides("ucuFoc") == ["uc", "u", "Fo", "c"]
    assert _broken("ucuFoc") == ["uc", "u", "Fo", "c"]


@pytest.mark.parametrize(
    ("lot", "documents", "broken"),
    [
        ("F_F_F_", ["F_", "F_", "F_"], []),
        ("FFF", ["F", "F", "F"], ["F", "F", "F"]),  # all blank backs dropped
        ("F_F_FF_", ["F_", "F_", "F", "F_"], ["F", "F_"]),  # one: what went before is certain
        ("F_FF_D_F_", ["F_", "F", "F_", "F_"], ["F", "F_"]),  # a separator begins anew
        ("F_FF_DF_F_", ["F_", "F", "F_", "F_", "F_"], ["F", "F_"]),  # one without its back
        ("F_FF_2_F_", ["F_", "F", "F_", "2_", "F_"], ["F", "F_"]),
        ("u_u_uD_u_", ["u_u_u", "u_"], ["u_u_u"]),  # nobody knows where
        ("u_F_cuc", ["u_", "F_", "cu", "c"], ["F_", "cu", "c"]),
        ("F_fF_", ["F_f", "F_"], ["F_f", "F_"]),  # a known back where a front must lie
        ("FfFm", ["Ff", "F", "m"], ["F", "m"]),  # the back of another form
        ("F_u", ["F_", "u"], ["F_", "u"]),  # the last back is not there
        ("F_!_F_", ["F__", "F_"], []),  # one that could not be read keeps its place
    ],
)
def test_a_broken_rhythm_is_marked_from_the_last_certain_place_to_the_next_separator(
    lot: str, documents: list[str], broken: list[str]
) -> None:
    assert _sides(lot) == documents
    assert _broken(lot) == broken


def test_the_back_of_a_blank_front_or_of_a_lost_one_is_not_the_sheet_before_s() -> None:
    assert _sides("F__uF_") == ["F__", "u", "F_"]
    assert _sides("F_!uF_") == ["F_", "u", "F_"]
    marked = [PAGE_MISSING in draft.marks for draft in _both_sides("F_!uF_").drafts]
    assert marked == [True, True, False]


def test_the_back_of_a_separator_sheet_opens_no_document_and_costs_no_side() -> None:
    assert _sides("D_uc") == ["uc"]


def test_single_images_are_sides_in_turn_and_a_file_begins_a_sheet() -> None:
    assert _sides("ucuc", ["1.jpg", "2.jpg", "3.jpg", "4.jpg"]) == ["uc", "uc"]
    files = ["a.tif", "a.tif", "a.tif", "b.tif", "b.tif"]
    assert _sides("ucucc", files) == ["uc", "u", "cc"]
    assert _broken("ucucc", files) == ["uc", "u", "cc"]
    assert _broken("ucuucc", ["a.tif"] * 4 + ["b.tif"] * 2) == []


def test_a_page_of_an_attached_file_is_no_back_of_the_page_that_it_is_attached_to() -> None:
    places = [0, 1, 2, 100_000, 100_001, 200_000, 200_001]
    pages = [
        replace(made, ref=replace(made.ref, index=place))
        for made, place in zip(map(_read, "ucucucu", range(7)), places, strict=True)
    ]
    drafts = assemble_documents(pages, PLAN, "17", duplex=True).drafts
    found = [[one.ref.index for one in draft.pages] for draft in drafts]
    assert found == [[0, 1], [2], [100_000, 100_001], [200_000, 200_001]]


def test_a_file_that_could_not_be_read_breaks_no_other_file_s_rhythm() -> None:
    files = ["a.tif", "a.tif", "b.tif", "c.tif", "c.tif"]
    assert _sides("F_!F_", files) == ["F_", "F_"]
    assert _broken("F_!F_", files) == []


def _naming(letter: str, index: int, nir: str) -> PageReading:
    """A page that names a person: a form in its field, any other in its text."""
    made = page(letter, index)
    assert isinstance(made, PageReading)
    if made.layout is not None:
        return replace(made, fields=(nir_field(nir),))
    return replace(made, lines=(TextLine(f"N° {nir} de sécurité", 0.9, BoxPx(0, 0, 9, 9)),))


ONE, OTHER = "255081416802538", "178121705512305"


def nir_field(value: str) -> Field:
    return Field("nir", value, value, 0.9, True, Check.OK, 0, None)


def _two(lot: str, nirs: tuple[str, str], *, duplex: bool) -> Assembly:
    """A lot whose last two pages name somebody."""
    first = len(lot) - 2
    pages = [page(letter, i) for i, letter in enumerate(lot[:first])]
    pages += [_naming(lot[first + i], first + i, nir) for i, nir in enumerate(nirs)]
    return assemble_documents(pages, PLAN, "17", duplex=duplex)


@pytest.mark.parametrize("lot", ["Fo", "TFu", "TFc", "TFf", "cu", "Tuc"])
@pytest.mark.parametrize("duplex", [False, True])
def test_a_page_that_names_somebody_else_opens_its_document_and_both_are_marked(
    lot: str, duplex: bool
) -> None:
    assert len(_two(lot, (ONE, ONE), duplex=duplex).drafts) == 1
    apart = _two(lot, (ONE, OTHER), duplex=duplex).drafts
    assert len(apart) == 2
    for draft in apart:
        assert OTHER_PERSON in draft.marks
        assert (RHYTHM_BROKEN in draft.marks) is duplex


def test_two_claims_of_two_people_one_after_the_other_are_nothing_special() -> None:
    for draft in _two("FF", (ONE, OTHER), duplex=False).drafts:
        assert draft.marks == ()


def test_a_number_whose_key_is_wrong_or_that_is_no_number_names_nobody() -> None:
    assert len(_two("cu", (ONE, OTHER[:-1] + "6"), duplex=False).drafts) == 1
    assert len(_two("cu", (ONE, "9" + OTHER), duplex=False).drafts) == 1


def test_a_page_that_only_its_place_joins_to_a_claim_is_for_a_person() -> None:
    for lot, expected in (("TFu", True), ("TFo", False), ("TFf", False), ("TFc", True)):
        (draft,) = cut(lot).drafts
        assert (PAGE_UNEXPECTED in draft.marks) is expected
    (draft,) = cut("Fu", LotHeader(pages_each=2)).drafts
    assert draft.marks == ()
    (letter,) = cut("Tcu").drafts
    assert letter.marks == ()  # a person sees it anyway
    (two_sided,) = _both_sides("Fu").drafts
    assert two_sided.marks == (PAGE_UNEXPECTED,)


def test_what_may_be_a_form_s_first_page_is_for_a_person_though_pages_were_announced() -> None:
    header = LotHeader(pages_each=2)
    doubtful = replace(_read("F", 1), guesses=(TypeGuess("S3110", 0.6),))
    (draft,) = assemble_documents([page("F", 0), doubtful], PLAN, "17", header).drafts
    assert draft.marks == (PAGE_UNEXPECTED,)


def test_one_side_of_a_sheet_twice_is_for_a_person() -> None:
    """Two sheets were fed at once in between: the second back is another person's."""
    side = _saying("f", 1, "Notice : comment remplir cette feuille de soins")
    other = _saying("f", 2, "Vos droits : la loi du 6 janvier 1978 relative aux fichiers")
    for backs, marks in (((side,), ()), ((side, other), ()), ((side, side), (PAGE_UNEXPECTED,))):
        (draft,) = assemble_documents([page("F", 0), *backs], PLAN, "17").drafts
        assert draft.marks == marks


def test_a_blank_page_whose_file_holds_what_is_not_read_is_a_document_for_a_person() -> None:
    carrier = replace(_read("_", 0), marks=("attachments",))
    first, claim = assemble_documents([carrier, page("F", 1)], PLAN, "17").drafts
    assert (first.first, len(first.pages), first.guess.type) == (carrier, 1, "unknown")
    assert len(claim.pages) == 1
    (inside,) = assemble_documents(
        [page("F", 0), replace(carrier, ref=_read("_", 1).ref)], PLAN, "17"
    ).drafts
    assert [one.role for one in inside.pages] == [PageRole.FRONT, PageRole.BLANK]


def _read(letter: str, index: int) -> PageReading:
    made = page(letter, index)
    assert isinstance(made, PageReading)
    return made


def _saying(letter: str, index: int, text: str) -> PageReading:
    return replace(_read(letter, index), lines=(TextLine(text, 0.9, BoxPx(0, 0, 9, 9)),))


def test_a_back_of_another_form_is_not_the_back_of_this_one() -> None:
    assembly = cut("FmF")
    assert told(assembly, "FmF")[0] == ["F", "m", "F"]
    assert assembly.drafts[1].first.is_back


def test_a_header_sheet_rules_what_follows_it_up_to_a_patch_3() -> None:
    pages = [
        page("H", 0, LotHeader(process="FSP", expected_documents=1)),
        page("F", 1),
        page("H", 2, LotHeader(process="DMT", expected_documents=2)),
        page("M", 3),
        page("3", 4),
        page("c", 5),
    ]
    made = assemble_documents(pages, PLAN, "17", LotHeader(process="AUTRE"))
    told_of = [draft.header.process if draft.header else "" for draft in made.drafts]
    assert told_of == ["FSP", "DMT", "AUTRE"]
    assert made.header is not None
    assert (made.header.process, made.header.expected_documents) == ("FSP", 3)
