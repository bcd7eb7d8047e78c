"""A pôle that takes its documents over HTTP (docs/destinations.md).

One multipart POST per document with an ``Idempotency-Key`` that stays the same at every attempt
and, when a secret is shared, a signature: HMAC-SHA256 over the time, the key and the digest of
each file. The application answers 2xx once it holds the document durably, 409 if it already did.
"""

import contextlib
import datetime as dt
import email.utils
import hashlib
import hmac
import ssl
import time
from pathlib import Path

import httpx

from central.dispatch.package import Package
from central.dispatch.targets.base import (
    Delivered,
    Outcome,
    Rejected,
    Unavailable,
    receipt_of,
)

_ALREADY = 409
_LATER = (408, 425, 429)
_SETTINGS = (401, 403, 404, 405, 407)  # a wrong secret or address; the document is not to blame
_MAX_ANSWER_BYTES = 65_536
_TYPES = {"pdf": "application/pdf", "json": "application/json", "xml": "application/xml"}


class HttpTarget:
    """See the module.

    Args:
        url: Where to POST.
        secret: Key of the signature; None sends none.
        timeout_s: For each step of the exchange, and for the whole answer.
        ca_file: Authority of the application's certificate; None: the system's.

    Raises:
        OSError: the authority's file cannot be read.
    """

    def __init__(
        self, url: str, secret: bytes | None, timeout_s: float, ca_file: Path | None
    ) -> None:
        self._url, self._secret, self._timeout_s = url, secret, timeout_s
        context = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
        self._client = httpx.Client(
            timeout=timeout_s, verify=context, follow_redirects=False, trust_env=False
        )

    def deliver(self, package: Package) -> Outcome:
        """POST one package."""
        files = {}
        for name, data in package.files.items():
            part = name.rpartition(".")[2]
            files[part] = (name, data, _TYPES[part])
        headers = {"Idempotency-Key": package.idempotency_key}
        if self._secret is not None:
            at = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
            headers["X-Vaguemestre-Time"] = at
            headers["X-Vaguemestre-Signature"] = signature(self._secret, at, package)
        try:
            with self._client.stream("POST", self._url, files=files, headers=headers) as answer:
                return _outcome(answer, self._read(answer))
        except httpx.HTTPError as error:
            kind = type(error).__name__
            return Unavailable("http_unreachable", f"Application injoignable ({kind}).")

    def _read(self, answer: httpx.Response) -> str:
        """Read an answer that may be endless, or come a byte a minute."""
        if not answer.is_success and answer.status_code != _ALREADY:
            return ""
        started, text = time.monotonic(), b""
        with contextlib.suppress(httpx.HTTPError):  # its status said enough
            for piece in answer.iter_bytes():
                text += piece
                if len(text) > _MAX_ANSWER_BYTES or time.monotonic() - started > self._timeout_s:
                    break
        return text[:_MAX_ANSWER_BYTES].decode(errors="replace")

    def tidy(self, now: float) -> None:
        """Nothing lies about."""

    def close(self) -> None:
        """Close the pool of connections."""
        self._client.close()


def signature(secret: bytes, at: str, package: Package) -> str:
    """Sign the time, the key and each file's SHA-256 in hex, in the order pdf, json, xml."""
    digests = [hashlib.sha256(data).hexdigest() for data in package.files.values()]
    text = "\n".join([at, package.idempotency_key, *digests])
    return hmac.new(secret, text.encode(), hashlib.sha256).hexdigest()


def _outcome(answer: httpx.Response, text: str) -> Outcome:
    code = answer.status_code
    if answer.is_success or code == _ALREADY:
        return Delivered(receipt_of(text))
    if code in _LATER or code in _SETTINGS or code >= 500 or code < 400:
        return Unavailable(f"http_{code}", f"L'application répond {code}.", _retry_after(answer))
    return Rejected(f"http_{code}", f"L'application refuse le document ({code}).")


def _retry_after(answer: httpx.Response) -> float:
    """Seconds or a date; anything else asks for nothing."""
    told = answer.headers.get("Retry-After", "").strip()
    if told.isascii() and told.isdigit():
        return float(told[:9])
    try:
        when = email.utils.parsedate_to_datetime(told)
    except ValueError:
        return 0.0
    if when.tzinfo is None:
        return 0.0
    return max(0.0, (when - dt.datetime.now(dt.UTC)).total_seconds())
