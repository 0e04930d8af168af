"""One-time codes by the time.

Source: RFC 6238 (SHA-1, six digits, 30 seconds: what authenticators understand); the key URI format of their makers.
"""

import hmac
from datetime import datetime

import pyotp
import segno

STEP_S = 30
# The present step first, then those beside it: clocks differ, and people type.
_DRIFT = (0, -1, 1)


class TimedCodes:
    """Codes under the service's name, as the authenticator shows it."""

    def __init__(self, service_name: str) -> None:
        self._service_name = service_name

    def new_secret(self) -> str:
        """160 random bits."""
        return pyotp.random_base32()

    def uri(self, secret: str, username: str) -> str:
        return pyotp.TOTP(secret, interval=STEP_S).provisioning_uri(name=username, issuer_name=self._service_name)

    def step_of(self, secret: str, code: str, at: datetime) -> int | None:
        present, codes = int(at.timestamp()) // STEP_S, pyotp.TOTP(secret, interval=STEP_S)
        for step in (present + drift for drift in _DRIFT):
            if hmac.compare_digest(codes.generate_otp(step), code):
                return step
        return None


def qr_code(uri: str) -> str:
    """The picture that an authenticator scans, as a `data:` address of an SVG."""
    return segno.make(uri, error="m").svg_data_uri(scale=4)
