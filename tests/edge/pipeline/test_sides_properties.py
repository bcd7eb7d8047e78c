"""Whatever becomes of a lot's images on their way, no claim goes straight with another's page."""

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from hypothesis import given
from hypothesis import strategies as st
from stdnum.fr import nir as nir_number

from edge.pipeline.assembly import DocumentDraft, assemble_documents
from edge.pipeline.routing import RoutingContext, decide_route
from edge.pipeline.sides import MissingPage
from edge.results import BoxPx, PageReading, Separator, SeparatorKind, TextLine, TypeGuess
from vaguemestre import pack
from vaguemestre.model.document import Check, Field, ImageRef, Layout, PageRole, RouteKind

PLAN = pack.load(pack.default_dir()).plan
AROUND = RoutingContext("17", dt.date(2026, 11, 30), None, is_duplicate=False)


@dataclass(frozen=True)
class Image:
    """One image: whose sheet it is of, what is on it, and whether it names its person."""

    person: int
    look: str  # F, M claims; f, m their known backs; c letter; u unknown; _ blank; D separator
    is_named: bool


@st.composite
def sheets(draw: st.DrawFn) -> list[Image]:
    """Sheets of people in turn, front and back."""
    images = []
    for person in range(draw(st.integers(1, 8))):
        front = draw(st.sampled_from("FFFMcuD_"))
        if front == "D":
            images += [Image(-1, "D", False), Image(-1, "_", False)]
            continue
        back = draw(st.sampled_from(["_", "_", "u", "c", front.lower() if front in "FM" else "u"]))
        for look in (front, back):
            images.append(Image(person, look, draw(st.booleans())))
    return images


@st.composite
def lots(draw: st.DrawFn) -> list[Image | None]:
    """Sheets of which some images were dropped, doubled, or could not be read."""
    fates = st.sampled_from(["kept"] * 8 + ["dropped", "dropped", "doubled", "gap"])
    arrived: list[Image | None] = []
    for image in draw(sheets()):
        fate = draw(fates)
        arrived += [None if fate == "gap" else image] * {"dropped": 0, "doubled": 2}.get(fate, 1)
    return arrived


TYPES = {"F": "S3110", "M": "S3704", "c": "courrier", "u": "unknown"}


def _nir(person: int) -> str:
    number = f"1800175001{person:03}"
    return number + nir_number.calc_check_digits(number)


def _reading(image: Image | None, ref: ImageRef) -> PageReading | MissingPage:
    if image is None:
        return MissingPage(ref)
    if image.look == "_":
        return PageReading(ref, is_blank=True)
    if image.look == "D":
        return PageReading(ref, separator=Separator(SeparatorKind.DOCUMENT))
    made = PageReading(
        ref,
        guesses=(TypeGuess(TYPES.get(image.look, TYPES.get(image.look.upper(), "")), 0.97),),
        layout=Layout.VERIFIED if image.look in "FMfm" else None,
        is_back=image.look in "fm",
    )
    nir = _nir(image.person)
    if image.look in "FM" and image.is_named:
        return replace(made, fields=(Field("nir", nir, nir, 0.99, True, Check.OK, 0, None),))
    if image.is_named:
        return replace(made, lines=(TextLine(f"NIR {nir}", 0.9, BoxPx(0, 0, 9, 9)),))
    return made


def _is_straight(draft: DocumentDraft) -> bool:
    """A claim whose number was not read is keyed, whatever else is known of it."""
    return (
        bool(draft.first.fields)
        and decide_route(draft, None, PLAN, AROUND).kind is RouteKind.STRAIGHT
    )


def _files(count: int, per_file: int) -> list[ImageRef]:
    return [ImageRef(f"{i // per_file:03}.tif", i % per_file, "0" * 64) for i in range(count)]


@given(lots(), st.booleans(), st.sampled_from([1, 2, 4, 5, 999]))
def test_no_page_is_lost_and_none_goes_straight_with_another_person_s(
    lot: Sequence[Image | None], duplex: bool, per_file: int
) -> None:
    refs = _files(len(lot), per_file)
    image_of = dict(zip(refs, lot, strict=True))
    pages = [_reading(image, ref) for image, ref in zip(lot, refs, strict=True)]

    made = assemble_documents(pages, PLAN, "17", duplex=duplex)

    drafts = [[page.ref for page in draft.pages] for draft in made.drafts]
    told = [ref for refs_of in drafts for ref in refs_of] + [page.ref for page in made.loose]
    assert Counter(told) == Counter(ref for ref, image in image_of.items() if image is not None)
    for draft in made.drafts:
        images = [image_of[page.ref] for page in draft.pages if page.role is not PageRole.BLANK]
        assert not any(image and image.look in "FM" for image in images[1:])
        if _is_straight(draft):
            # A printed back that names nobody looks the same for all: only its place says whose.
            written = [i for i in images if i and (i.is_named or i.look not in "fm")]
            assert len({image.person for image in written}) == 1


@given(lots())
def test_a_claim_whose_back_is_not_there_is_for_a_person(lot: Sequence[Image | None]) -> None:
    """Where both sides of every sheet are taken, a side that is not there may have been written."""
    refs = _files(len(lot), 999)
    pages = [_reading(image, ref) for image, ref in zip(lot, refs, strict=True)]

    for draft in assemble_documents(pages, PLAN, "17", duplex=True).drafts:
        if draft.first.layout is not None and len(draft.pages) == 1:
            assert not _is_straight(draft)
