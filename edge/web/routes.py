"""What the station's page answers to each address; knows no sockets."""

import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from edge.config import EdgeConfig
from edge.sheets import rescan_sheet_pdf
from edge.spool.spool import Spool
from edge.spool.store import Clock
from edge.spool.values import LotStatus, OperatorState, Rescan
from edge.web import forms
from edge.web import views as web_views
from edge.web.forms import FormInvalid
from edge.web.requests import RequestRefused, has_token, parse_form
from edge.web.status import StationStatus, read_status
from edge.web.views import Markup, whole_page

_HERE = Path(__file__).parent / "static"
_HTML, _PDF = "text/html; charset=utf-8", "application/pdf"
_STATIC = {
    "/page.css": ("page.css", "text/css; charset=utf-8"),
    "/page.js": ("page.js", "text/javascript; charset=utf-8"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
}
_DONE = MappingProxyType(
    {
        "cloture": "Le lot est clôturé : il part tel quel.",
        "impossible": "C'est noté : le centre en sera informé.",
        "faite": "C'est noté.",
    }
)
_NO_LOT = RequestRefused(404, "Ce lot n'attend pas d'être clôturé. Il l'est peut-être déjà.")
_NO_RESCAN = RequestRefused(404, "Cette demande n'est plus ouverte.")
_NO_PAGE = RequestRefused(404, "Cette page n'existe pas.")
_NO_ACT = RequestRefused(405, "Cette adresse ne se prête pas à cette action.")


@dataclass(frozen=True, slots=True)
class Response:
    """What goes back to the browser."""

    status: int
    body: bytes = b""
    kind: str = _HTML
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_page(self) -> bool:
        """Whether it is ours to the last byte, unlike a PDF, which browsers show their way."""
        return self.kind != _PDF


Form = Mapping[str, str]


class Routes:
    """See the module.

    Args:
        config: The station's settings.
        spool: Where everything shown comes from.
        types: Of documents that the plan knows.
        clock: Gives the time, aware.
    """

    def __init__(
        self, config: EdgeConfig, spool: Spool, types: Collection[str], clock: Clock
    ) -> None:
        self._config, self._spool, self._types, self._clock = config, spool, types, clock
        self._station = f"{config.station.site} · {config.station.name}"
        self._token = secrets.token_urlsafe(32)
        self._static = {
            path: ((_HERE / name).read_bytes(), kind) for path, (name, kind) in _STATIC.items()
        }
        self._pages: Mapping[str, Callable[[Form], Response]] = {
            "/": self._overview,
            "/cloturer": self._confirm_closing,
            "/numerisation/impossible": self._ask_why,
            "/numerisation/faite": self._confirm_done,
            "/numerisation/feuille.pdf": self._rescan_sheet,
            "/numerisation/image.jpg": self._rescan_picture,
            "/feuilles": self._sheets,
            "/feuilles/separateurs.pdf": self._separators,
            "/feuilles/entete.pdf": self._header,
        }
        self._acts: Mapping[str, Callable[[Form], Response]] = {
            "/cloturer": self._close,
            "/numerisation/impossible": self._impossible,
            "/numerisation/faite": self._done,
        }

    def get(self, path: str, query: str) -> Response:
        """Answer a request that changes nothing."""
        if path in self._static:
            body, kind = self._static[path]
            return Response(200, body, kind)
        if path not in self._pages:
            return self.refuse(_NO_ACT if path in self._acts else _NO_PAGE)
        form = parse_form(query.encode("ascii", "replace"))
        return self.refuse(form) if isinstance(form, RequestRefused) else self._pages[path](form)

    def post(self, path: str, body: bytes) -> Response:
        """Do what a form of ours asks; its origin was checked."""
        if path not in self._acts:
            known = path in self._pages or path in self._static
            return self.refuse(_NO_ACT if known else _NO_PAGE)
        form = parse_form(body)
        if isinstance(form, RequestRefused):
            return self.refuse(form)
        refused = has_token(form, self._token)
        return self.refuse(refused) if refused else self._acts[path](form)

    def refuse(self, refused: RequestRefused) -> Response:
        """Say why not, as a page."""
        return self._page(
            "Impossible", web_views.message_page("Impossible", refused.why), refused.status
        )

    def _page(
        self,
        title: str,
        main: Markup,
        status: int = 200,
        *,
        message: str = "",
        here: str = "",
    ) -> Response:
        body = whole_page(title, self._station, main, message=message, here=here)
        return Response(status, body)

    # --- lots ---

    def situation(self) -> StationStatus:
        """How the station is now."""
        return read_status(self._config, self._spool, self._clock())

    def _overview(self, form: Form) -> Response:
        message = _DONE.get(form.get("fait", ""), "")
        main = web_views.overview_page(self.situation())
        return self._page("Mes lots", main, message=message, here="/")

    def _incomplete(self, form: Form) -> LotStatus | None:
        """The incomplete lot that a form is about."""
        source, lot = form.get("source", ""), form.get("lot", "")
        for view in self._spool.status.lots_named(lot, source) if source and lot else ():
            if view.shown is OperatorState.INCOMPLETE and lot == (view.id or view.name):
                return view
        return None

    def _confirm_closing(self, form: Form) -> Response:
        lot = self._incomplete(form)
        if lot is None:
            return self.refuse(_NO_LOT)
        return self._page("Clôturer un lot", forms.confirm_closing(lot, self._token))

    def _close(self, form: Form) -> Response:
        lot = self._incomplete(form)
        if lot is None or not self._spool.lots.close_lots(lot.id or lot.name, lot.source):
            return self.refuse(_NO_LOT)
        return _see("/?fait=cloture")

    # --- requests to scan again ---

    def _rescan(self, form: Form) -> Rescan | None:
        """The open request that a form is about."""
        return next((one for one in self._rescans(form) if not one.impossible), None)

    def _rescans(self, form: Form) -> list[Rescan]:
        """What a form names, those that are impossible as well."""
        asked = form.get("demande", "")
        found = self._spool.rescans.open_requests() if asked else ()
        return [one for one in found if asked == (one.rescan_id or one.document_id)]

    def _ask_why(self, form: Form) -> Response:
        rescan = self._rescan(form)
        if rescan is None or not rescan.rescan_id:
            return self.refuse(_NO_RESCAN)
        return self._page("Impossible", forms.ask_why_impossible(rescan, self._token))

    def _impossible(self, form: Form) -> Response:
        rescan, reason = self._rescan(form), form.get("raison", "")
        if rescan is None or not rescan.rescan_id:
            return self.refuse(_NO_RESCAN)
        if not forms.is_reason(reason):
            wrong = f"Écrivez une raison, en {forms.MAX_REASON} caractères au plus."
            main = forms.ask_why_impossible(
                rescan, self._token, typed=reason[: forms.MAX_REASON], wrong=wrong
            )
            return self._page("Impossible", main, 422)
        if not self._spool.rescans.record_impossible(rescan.rescan_id, reason):
            return self.refuse(_NO_RESCAN)
        return _see("/?fait=impossible")

    def _confirm_done(self, form: Form) -> Response:
        rescan = self._rescan(form)
        if rescan is None or rescan.rescan_id:
            return self.refuse(_NO_RESCAN)
        return self._page("C'est fait", forms.confirm_done(rescan, self._token))

    def _done(self, form: Form) -> Response:
        rescan = self._rescan(form)
        if rescan is None or rescan.rescan_id:
            return self.refuse(_NO_RESCAN)
        self._spool.rescans.close(rescan.document_id)
        return _see("/?fait=faite")

    # --- sheets ---

    def _rescan_sheet(self, form: Form) -> Response:
        rescan = self._rescan(form)
        if rescan is None or not rescan.rescan_id:
            return self.refuse(_NO_RESCAN)
        return _pdf(rescan_sheet_pdf(rescan), f"RESCAN-{rescan.code}.pdf")

    def _rescan_picture(self, form: Form) -> Response:
        pictures = [one.sheet.picture for one in self._rescans(form) if one.sheet.picture]
        return Response(200, pictures[0], "image/jpeg") if pictures else self.refuse(_NO_RESCAN)

    def _sheets(self, _: Form) -> Response:
        main = forms.sheets_page(self._types, self._config.station.fund)
        return self._page("Feuilles à imprimer", main, here="/feuilles")

    def _separators(self, form: Form) -> Response:
        return self._printed(forms.separator_sheets(form), "separateurs.pdf")

    def _header(self, form: Form) -> Response:
        return self._printed(forms.header_sheet(form, self._types), "entete.pdf")

    def _printed(self, made: bytes | FormInvalid, name: str) -> Response:
        if isinstance(made, FormInvalid):
            return self.refuse(RequestRefused(422, " ".join(made.problems)))
        return _pdf(made, name)


def _see(path: str) -> Response:
    """Show another page, so that reloading does not act again."""
    return Response(303, headers={"Location": path})


def _pdf(body: bytes, name: str) -> Response:
    return Response(200, body, _PDF, {"Content-Disposition": f'inline; filename="{name}"'})
