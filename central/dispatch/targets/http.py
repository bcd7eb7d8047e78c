"""A pôle that takes its documents over HTTP.

One multipart POST per document, with an idempotency key that stays the same at every attempt
and a signature: HMAC-SHA256, with the shared secret, over the time and the digest of each
part. The application answers 2xx once it holds the document durably, 409 if it already did.
"""

import datetime as dt
import email.utils
import hashlib
import hmac
import ssl
from pathlib import Path

import httpx

from central.dispatch.package import Package
from central.dispatch.targets.base import Delivered, Outcome, Rejected, Unavailable

_ALREADY = 409
_LATER = (408, 425, 429)
_RECEIPT_CHARACTERS = 200
_TYPES = {"pdf": "application/pdf", "json": "application/json", "xml": "application/xml"}


class HttpTarget:
    """See the module.

    Args:
        url: Where to POST.
        secret: Key of the signature; None sends none.
        timeout_s: For the whole exchange's steps.
        ca_file: Authority of the application's certificate; None: the system's.
    """

    def __init__(
        self, url: str, secret: bytes | None, timeout_s: float, ca_file: Path | None
    ) -> None:
        self._url, self._secret = url, secret
        verify = ssl.create_default_context(cafile=str(ca_file)) if ca_file else True
        self._client = httpx.Client(timeout=timeout_s, verify=verify, follow_redirects=False)

    def deliver(self, package: Package) -> Outcome:
        """POST one package."""
        files = {
            name.rpartition(".")[2]: (name, data, _TYPES[name.rpartition(".")[2]])
            for name, data in package.files.items()
        }
        headers = {"Idempotency-Key": package.idempotency_key}
        if self._secret is not None:
            at = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
            headers["X-Vaguemestre-Time"] = at
            headers["X-Vaguemestre-Signature"] = signature(self._secret, at, package)
        try:
            answer = self._client.post(self._url, files=files, headers=headers)
        except httpx.HTTPError as error:
            return Unavailable(
                "http_unreachable", f"Application injoignable ({type(error).__name__})."
            )
        return _outcome(answer)


def signature(secret: bytes, at: str, package: Package) -> str:
    """Sign the time, the key and each file's digest, in the order pdf, json, xml."""
    digests = [hashlib.sha256(data).hexdigest() for data in package.files.values()]
    text = "\n".join([at, package.idempotency_key, *digests])
    return hmac.new(secret, text.encode(), hashlib.sha256).hexdigest()


def _outcome(answer: httpx.Response) -> Outcome:
    code = answer.status_code
    if answer.is_success or code == _ALREADY:
        return Delivered(answer.text[:_RECEIPT_CHARACTERS])
    if code in _LATER or code >= 500:
        return Unavailable(f"http_{code}", f"L'application répond {code}.", _retry_after(answer))
    return Rejected(f"http_{code}", f"L'application refuse le document ({code}).")


def _retry_after(answer: httpx.Response) -> float:
    told = answer.headers.get("Retry-After", "")
    if told.isdigit():
        return float(told)
    try:
        when = email.utils.parsedate_to_datetime(told)
    except ValueError:
        return 0.0
    if when.tzinfo is None:
        return 0.0
    return max(0.0, (when - dt.datetime.now(dt.UTC)).total_seconds())
