"""Previews of pages and cut-out zones, for whoever may see the document; each look is audited."""

import uuid
from collections.abc import Callable

from PIL import Image
from starlette.exceptions import HTTPException
from starlette.responses import Response

from central.accounts.rules import Person, Role
from central.documents import store as documents_store
from central.documents.store import SeenPage
from central.errors import BlobCorrupt, BlobMissing, InputInvalid, NotFound
from central.page_images.previews import (
    ByteLimitedCache,
    EncodedImage,
    crop_zone,
    encode_preview,
    encode_zone,
    view_of,
)
from central.rendering.runner import Busy
from central.web.cache import TimedCache
from central.web.console import Console, id_in_path
from central.web.requests import PageRequest

LOOKERS = (Role.KEYER, Role.SUPERVISOR, Role.OPERATIONS)
WIDTHS = (240, 900, 1400, 2000)
_ZONE_PX = 1_600
_SHARE_FOR_PAGES = 0.7
_SEEN_KEPT = 20_000
_SEEN_S = 60.0
# The pages' scripts hold what they show; a shared computer keeps nothing on its disk.
_PRIVATE = {"Cache-Control": "private, no-store, no-transform"}


def register(desk: Console) -> None:
    """Add the images."""
    pictures = PageImages(desk)
    desk.thumbnail = pictures.thumbnail
    desk.page("/api/documents/{id}/pages/{number}/image", pictures.image, roles=LOOKERS)
    desk.page("/api/documents/{id}/pages/{number}/zone", pictures.zone, roles=LOOKERS)


class PageImages:
    """See the module."""

    def __init__(self, desk: Console) -> None:
        self._desk = desk
        most = desk.config.console.previews_bytes
        self._upright: ByteLimitedCache[tuple[object, ...], Image.Image] = ByteLimitedCache(
            int(most * _SHARE_FOR_PAGES), lambda i: i.width * i.height * len(i.getbands())
        )
        self._encoded: ByteLimitedCache[tuple[object, ...], EncodedImage] = ByteLimitedCache(
            int(most * (1 - _SHARE_FOR_PAGES)), lambda p: len(p.data)
        )
        self._seen = TimedCache[tuple[object, ...], SeenPage](_SEEN_S, _SEEN_KEPT)

    def image(self, visit: PageRequest) -> Response:
        """One whole page."""
        width = visit.number("width", WIDTHS[1])
        if width not in WIDTHS:
            raise InputInvalid("width")
        page = self._page(visit)
        return self._answer(page, ("page", width), lambda image: encode_preview(image, width))

    def thumbnail(self, person: Person, document_id: uuid.UUID, number: int) -> bytes:
        """A page's small picture.

        Raises:
            NotFound: there is no such page, or it cannot be decoded, or not now.
            Forbidden: it is of another site or pôle, or a keyer does not hold it.
        """
        page = documents_store.viewable_page(self._desk.engine, person, document_id, number)
        width = WIDTHS[0]
        made = lambda: encode_preview(self._decoded(page), width)  # noqa: E731
        try:
            return self._encoded.get((page, "page", width), made).data
        except HTTPException as error:
            raise NotFound("image") from error

    def zone(self, visit: PageRequest) -> Response:
        """One zone of a page, with a margin; millimetres of the upright page."""
        box = [self._mm(visit, name) for name in ("left", "top", "width", "height")]
        margin = self._mm(visit, "margin", 2.0)
        page = self._page(visit)

        def made(image: Image.Image) -> EncodedImage:
            wanted = crop_zone(image, page, (box[0], box[1], box[2], box[3]), margin)
            return encode_zone(wanted, _ZONE_PX)

        return self._answer(page, ("zone", *box, margin), made)

    def _answer(
        self,
        page: SeenPage,
        what: tuple[object, ...],
        make: Callable[[Image.Image], EncodedImage],
    ) -> Response:
        picture = self._encoded.get((page, *what), lambda: make(self._decoded(page)))
        return Response(picture.data, media_type=picture.media_type, headers=_PRIVATE)

    def _decoded(self, view: SeenPage) -> Image.Image:
        def made() -> Image.Image:
            try:
                with self._desk.blobs.at_hand(view.sha256) as file:
                    return self._desk.renderer.render(file, view_of(view), view.sha256)
            except (ValueError, BlobMissing, BlobCorrupt) as error:
                raise NotFound("image") from error
            except Busy as error:
                raise HTTPException(503, headers={"Retry-After": "5"}) from error

        return self._upright.get((view,), made)

    def _page(self, visit: PageRequest) -> SeenPage:
        """The page, if the person may see it; remembered for a moment, for the same limits.

        Who sees only what they hold is looked up each time: they may have given it back.

        Raises:
            NotFound: there is no such page.
            Forbidden: it is of another site or pôle, or a keyer does not hold it.
        """
        person, wanted = visit.who, id_in_path(visit)
        number = visit.request.path_params["number"]
        if not (number.isascii() and number.isdigit() and len(number) < 7):
            raise NotFound("page")

        def find() -> SeenPage:
            return documents_store.viewable_page(self._desk.engine, person, wanted, int(number))

        version = visit.text("v")  # another one once the page is turned, split off or joined
        if not (version and person.has_any(documents_store.SEE_ANY)):
            return find()
        key = (person.id, person.roles, person.scope, wanted, int(number), version)
        return self._seen.get(key, find)

    def _mm(self, visit: PageRequest, name: str, default: float | None = None) -> float:
        text = visit.request.query_params.get(name)
        if text is None and default is not None:
            return default
        try:
            value = float(text or "")
        except ValueError:
            raise InputInvalid(name) from None
        if not -1_000 <= value <= 10_000:  # NaN is neither
            raise InputInvalid(name)
        return value
