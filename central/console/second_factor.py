"""One-time codes (TOTP, RFC 6238): which step a code belongs to, and what an application scans."""

import hmac
import io

import pyotp
import segno

_ISSUER = "Vaguemestre"
_STEP_S = 30
_DRIFT_STEPS = 1
"""A telephone's clock may be off by that much either way."""


def new_secret() -> str:
    """A secret of 160 bits, in base32."""
    return pyotp.random_base32()


def step_of(secret: str, code: str, at: float) -> int | None:
    """The step whose code this is, around a moment; None: of none.

    Args:
        secret: In base32.
        code: As typed; spaces are left out.
        at: Seconds since 1970.
    """
    typed = "".join(code.split())
    if not (typed.isascii() and typed.isdigit()):
        return None
    totp = pyotp.TOTP(secret, interval=_STEP_S)
    now = int(at) // _STEP_S
    for step in range(now - _DRIFT_STEPS, now + _DRIFT_STEPS + 1):
        if hmac.compare_digest(totp.generate_otp(step), typed):
            return step
    return None


def picture(secret: str, login: str) -> bytes:
    """The QR code that an application scans, as SVG without styles or scripts."""
    address = pyotp.TOTP(secret, interval=_STEP_S).provisioning_uri(name=login, issuer_name=_ISSUER)
    out = io.BytesIO()
    segno.make(address, error="m", micro=False).save(
        out, kind="svg", scale=5, border=4, dark="#000", light="#fff", svgclass=None, lineclass=None
    )
    return out.getvalue()


def grouped(secret: str) -> str:
    """The secret in groups of four, for typing."""
    return " ".join(secret[i : i + 4] for i in range(0, len(secret), 4))
