"""A pôle that takes its documents over HTTP (docs/destinations.md).

One multipart POST per document with an ``Idempotency-Key`` that stays the same at every attempt
and, when a secret is shared, a signature: HMAC-SHA256 over the time, the key and the digest of
each file. The application answers 2xx once it holds the document durably, 409 if it already did,
and names the key in its answer: a maintenance page that a proxy puts in its place does not.
"""

import datetime as dt
import email.utils
import hmac
import json
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx

from central.delivery.package import Package
from central.delivery.targets.base import (
    Delivered,
    OtherContent,
    Outcome,
    Rejected,
    Unavailable,
    receipt_of,
)

_SAID = ("reason", "detail", "message", "title", "error")
"""Keys of a JSON answer under which applications say what is wrong; the first one found counts."""


@dataclass(frozen=True, slots=True)
class Answer:
    """See the module; header names are in lower case."""

    status: int
    text: str
    headers: Mapping[str, str]
    fields: Mapping[str, object]

    @classmethod
    def of(cls, status: int, headers: Mapping[str, str], body: bytes) -> "Answer":
        """Read an answer; a body that is no JSON object has no fields."""
        text = body.decode(errors="replace")
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            found = None
        lowered = {name.lower(): value for name, value in headers.items()}
        return cls(status, text, lowered, found if isinstance(found, dict) else {})

    def header(self, name: str) -> str:
        """A header's value; empty without it."""
        return self.headers.get(name.lower(), "")

    def named(self, header: str, field: str) -> str:
        """What it names in a header or, without one, in a field of its JSON; empty: nothing."""
        told = self.header(header).strip()
        if told:
            return told
        value = self.fields.get(field)
        return value if isinstance(value, str) else ""

    @property
    def said(self) -> str:
        """What it says is wrong, short and printable; a page made for browsers says nothing."""
        for name in _SAID:
            value = self.fields.get(name)
            if isinstance(value, str) and value.strip():
                return receipt_of(value)
        is_plain = self.header("Content-Type").partition(";")[0].strip() in ("", "text/plain")
        return receipt_of(self.text) if is_plain and not self.fields else ""


_ALREADY = 409
_LATER = (408, 425, 429)
_SETTINGS = (401, 403, 404, 405, 407)  # a wrong secret or address; the document is not to blame
_AWAY = (502, 503, 504)  # said by what stands before the application, or by one that is stopping
_NEVER_CONNECTED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
"""TLS is part of connecting. Whatever fails later may have carried the document over."""
_MAX_ANSWER_BYTES = 65_536
_TYPES = {"pdf": "application/pdf", "json": "application/json", "xml": "application/xml"}


@dataclass(frozen=True, slots=True)
class Secrets:
    """What deliveries are signed with; the former one signs too while applications change over."""

    current: bytes
    former: bytes | None = None


class HttpTarget:
    """See the module.

    Args:
        url: Where to POST.
        secrets: Keys of the signatures; None sends none.
        timeout_s: For each step of the exchange, and for the whole answer.
        ca_file: Authority of the application's certificate; None: the system's.
        demands_key: An answer counts only if it names the key; else any 2xx and 409 does.

    Raises:
        OSError: the authority's file cannot be read.
    """

    def __init__(
        self,
        url: str,
        secrets: Secrets | None,
        timeout_s: float,
        ca_file: Path | None,
        *,
        demands_key: bool = True,
    ) -> None:
        self._url, self._secrets, self._timeout_s = url, secrets, timeout_s
        self._demands_key = demands_key
        context = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
        self._client = httpx.Client(
            timeout=timeout_s, verify=context, follow_redirects=False, trust_env=False
        )

    def deliver(self, package: Package) -> Outcome:
        """POST one package, its files straight from where they lie."""
        files = {}
        try:
            for name, part in package.files.items():
                kind = name.rpartition(".")[2]
                files[kind] = (name, part.open(), _TYPES[kind])
            with self._client.stream(
                "POST", self._url, files=files, headers=self._headers(package)
            ) as answer:
                return self._outcome(package, self._read(answer))
        except httpx.HTTPError as error:
            return _unreachable(error)
        finally:
            for _, file, _ in files.values():
                file.close()

    def _headers(self, package: Package) -> dict[str, str]:
        headers = {"Idempotency-Key": package.idempotency_key}
        if package.content:
            headers["X-Vaguemestre-Content"] = package.content
        if self._secrets is not None:
            at = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
            headers["X-Vaguemestre-Time"] = at
            headers["X-Vaguemestre-Signature"] = sign_package(self._secrets.current, at, package)
            if self._secrets.former is not None:
                former = sign_package(self._secrets.former, at, package)
                headers["X-Vaguemestre-Signature-Former"] = former
        return headers

    def _read(self, answer: httpx.Response) -> Answer:
        """Read an answer that may be endless, or come a byte a minute."""
        started, text = time.monotonic(), b""
        try:
            for piece in answer.iter_bytes():
                text += piece
                if len(text) > _MAX_ANSWER_BYTES or time.monotonic() - started > self._timeout_s:
                    break
        except httpx.HTTPError:
            pass  # what came may name the key all the same
        return Answer.of(answer.status_code, answer.headers, text[:_MAX_ANSWER_BYTES])

    def _outcome(self, package: Package, answer: Answer) -> Outcome:
        code = answer.status
        if 200 <= code < 300 or code == _ALREADY:
            return self._confirmed(package, answer)
        said = f" : {told}" if (told := answer.said) else "."
        if code in _LATER or code in _SETTINGS or code >= 500 or code < 400:
            return Unavailable(
                f"http_{code}",
                f"L'application répond {code}{said}",
                _retry_after(answer.header("Retry-After")),
                may_be_document=code >= 500 and code not in _AWAY,
            )
        return Rejected(f"http_{code}", f"L'application refuse le document ({code}){said}")

    def _confirmed(self, package: Package, answer: Answer) -> Outcome:
        key = answer.named("Idempotency-Key", "idempotency_key")
        if key != package.idempotency_key and (key or self._demands_key):
            return Unavailable(
                "http_unconfirmed",
                f"L'application répond {answer.status} sans nommer la livraison :"
                " ce n'est pas un accusé de réception.",
            )
        content = answer.named("X-Vaguemestre-Content", "content_sha256")
        if content and package.content and content != package.content:
            return OtherContent(
                "http_other_content",
                "L'application tient un autre contenu sous cette clé : une nouvelle remise suit.",
            )
        return Delivered(receipt_of(answer.text))

    def tidy(self, now: float) -> None:
        """Nothing lies about."""

    def close(self) -> None:
        """Close the pool of connections."""
        self._client.close()


def sign_package(secret: bytes, at: str, package: Package) -> str:
    """Sign the time, the key and each file's SHA-256 in hex, in the order pdf, json, xml."""
    digests = [part.sha256 for part in package.files.values()]
    text = "\n".join([at, package.idempotency_key, *digests])
    return hmac.new(secret, text.encode(), "sha256").hexdigest()


def _unreachable(error: httpx.HTTPError) -> Unavailable:
    """Say why as far as the driver knows: silence, a certificate, a name, a port."""
    why = receipt_of(f"{type(error).__name__} : {error}" if str(error) else type(error).__name__)
    if not isinstance(error, _NEVER_CONNECTED):
        return Unavailable("http_no_answer", f"L'application n'a pas répondu ({why}).")
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ssl.SSLError):
        cause = cause.__cause__ or cause.__context__
    if cause is not None:
        return Unavailable("http_tls", f"La connexion sûre avec l'application échoue ({why}).")
    return Unavailable("http_unreachable", f"Application injoignable ({why}).")


def _retry_after(told: str) -> float:
    """Seconds or a date; anything else asks for nothing."""
    told = told.strip()
    if told.isascii() and told.isdigit():
        return float(told[:9])
    try:
        when = email.utils.parsedate_to_datetime(told)
    except ValueError:
        return 0.0
    if when.tzinfo is None:
        return 0.0
    return max(0.0, (when - dt.datetime.now(dt.UTC)).total_seconds())
