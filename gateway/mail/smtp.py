"""Mails by the operator's mail server."""

from dataclasses import dataclass, field
from typing import Literal

import aiosmtplib

from gateway.mail.messages import message_of
from gateway.ports.mails import Mail, NotSent, Undeliverable

Security = Literal["none", "starttls", "tls"]
TIMEOUT_S = 20.0


@dataclass(frozen=True, slots=True)
class SmtpSettings:
    """The server; without a username it asks for none."""

    host: str
    port: int
    security: Security
    username: str = ""
    password: str = field(default="", repr=False)


class SmtpMailer:
    """One connection a mail: they are few."""

    def __init__(self, settings: SmtpSettings, sender: str) -> None:
        self._settings = settings
        self._sender = sender

    async def send(self, mail: Mail) -> None:
        """Raises: Undeliverable for what the server refuses for good; NotSent for what may go better later."""
        message, server = message_of(mail, self._sender), self._settings
        try:
            await aiosmtplib.send(
                message,
                hostname=server.host,
                port=server.port,
                username=server.username or None,
                password=server.password or None,
                use_tls=server.security == "tls",
                start_tls=server.security == "starttls",
                timeout=TIMEOUT_S,
            )
        except aiosmtplib.SMTPRecipientsRefused as error:
            if all(500 <= each.code < 600 for each in error.recipients):
                raise Undeliverable("the recipient is refused") from None
            raise NotSent("the recipient is not taken just now") from None
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            raise NotSent(_reason(error)) from None


def _reason(error: Exception) -> str:
    """What an operator looks for, such as `SMTPAuthenticationError 535` or `SMTPConnectError SSLCertVerificationError`.
    What a server says stays away: it may name the recipient."""
    code = error.code if isinstance(error, aiosmtplib.SMTPResponseException) else None
    cause = type(error.__cause__).__name__ if error.__cause__ is not None else None
    return " ".join(str(each) for each in (type(error).__name__, code, cause) if each)
