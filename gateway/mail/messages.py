"""A mail as a message of the Internet's."""

from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from gateway.ports.mails import Mail, Undeliverable


def message_of(mail: Mail, sender: str) -> EmailMessage:
    """The message; of the same mail always the same, so that whoever gets it twice can tell. Raises: Undeliverable."""
    message = EmailMessage(SMTP)
    try:
        message["From"] = _address(sender)
        message["To"] = _recipient(mail.recipient)
    except (ValueError, IndexError, MessageError):
        raise Undeliverable("no address") from None
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(mail.created_at)
    message["Message-ID"] = f"<{mail.key}@{sender.rpartition('@')[2].rstrip('>')}>"
    # No out-of-office note comes back (RFC 3834).
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text)
    return message


def _recipient(text: str) -> Address:
    """The address and nothing else: a name in front of it, or a comment, would be what a stranger has typed in.

    Raises: ValueError.
    """
    found = Address(addr_spec=text)
    if found.addr_spec != text:
        raise ValueError("more than an address")
    return found


def _address(text: str) -> Address:
    name, _, spec = text.rpartition("<")
    return Address(name.strip().strip('"'), addr_spec=spec.rstrip(">").strip())
