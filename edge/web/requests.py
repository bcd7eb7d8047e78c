"""What a request must show before it is listened to; pure.

The page has no sign-in, so a page of somebody else's in the operator's browser must not be able
to act through it: the name that it was called by is one of ours (a name that was made to point
here is not), and an act comes from our own page, with the word that only our page was told.
"""

import hmac
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import parse_qs

MAX_BODY_BYTES = 8_192
MAX_FIELDS = 20
_FORM = "application/x-www-form-urlencoded"


class Headers(Protocol):
    """A request's headers; their names in any case."""

    def get(self, name: str, default: str, /) -> str:
        """One header's value."""
        ...


@dataclass(frozen=True, slots=True)
class RequestRefused:
    """Why a request is not listened to: its status and a French sentence."""

    status: int
    why: str


def allowed_hosts(port: int, behind_proxy: Collection[str]) -> frozenset[str]:
    """The values of ``Host`` that mean this page."""
    return frozenset({f"127.0.0.1:{port}", f"localhost:{port}", *behind_proxy})


def is_allowed_host(headers: Headers, names: Collection[str]) -> RequestRefused | None:
    """Check by which name the page was called."""
    if headers.get("Host", "").lower() in names:
        return None
    return RequestRefused(421, "Cette page ne se consulte pas sous ce nom.")


def is_own_post(headers: Headers) -> RequestRefused | None:
    """Check that an act comes from our own page and is no longer than acts are."""
    host = headers.get("Host", "").lower()
    if headers.get("Origin", "").lower() not in {f"http://{host}", f"https://{host}"}:
        return RequestRefused(403, "Cette demande ne vient pas de la page de la station.")
    if headers.get("Content-Type", "").partition(";")[0].strip().lower() != _FORM:
        return RequestRefused(415, "Le contenu de la demande n'est pas celui d'un formulaire.")
    length = headers.get("Content-Length", "")
    if not (length.isascii() and length.isdecimal()):
        return RequestRefused(411, "La longueur de la demande n'est pas indiquée.")
    if len(length) > 9 or int(length) > MAX_BODY_BYTES:
        return RequestRefused(413, "La demande est trop longue.")
    return None


def parse_form(body: bytes) -> dict[str, str] | RequestRefused:
    """Read a form's fields, or a query's; of a name that stands twice the last counts."""
    try:
        fields = parse_qs(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=bool(body),
            errors="strict",
            max_num_fields=MAX_FIELDS,
        )
    except (ValueError, UnicodeError):
        return RequestRefused(400, "La demande est incorrecte.")
    if any("\0" in value for values in fields.values() for value in values):
        return RequestRefused(400, "La demande est incorrecte.")
    return {name: values[-1].strip() for name, values in fields.items()}


def has_token(form: Mapping[str, str], token: str) -> RequestRefused | None:
    """Check the word that only our own page was told, since this agent started."""
    told = form.get("jeton", "").encode()
    if hmac.compare_digest(told, token.encode()):
        return None
    return RequestRefused(403, "Cette page date d'avant le redémarrage de la station. Recommencez.")
