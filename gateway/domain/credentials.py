"""What a username, a password, an e-mail address and a customer's name may look like."""

import re
import unicodedata

from gateway.domain.errors import Problem

USERNAME_LENGTH = (3, 64)
PASSWORD_LENGTH = (8, 1024)
EMAIL_LIMIT = 254
NO_PASSWORD = ""
"""Stands for the hash of an account that has no password: none is right for it."""
CUSTOMER_NAME_LIMIT = 200

_USERNAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]*")
# Without what a mail's header takes for more than an address: names, comments, quotes, groups, lists.
_EMAIL = re.compile(r"[^\s@<>()\[\],;:\"\\]+@[^\s@<>()\[\],;:\"\\]+\.[^\s@.<>()\[\],;:\"\\]+")
# The commonest, as lists of leaked passwords agree on them, without the digits at their end.
_COMMON = frozenset(
    {
        "password", "passw0rd", "p@ssw0rd", "p@ssword", "qwertyui", "qwertyuiop", "qwerty", "asdfghjk", "asdfghjkl",
        "zxcvbnm", "iloveyou", "sunshine", "princess", "football", "baseball", "superman", "starwars", "trustno",
        "welcome", "letmein", "computer", "internet", "whatever", "michelle", "jennifer", "changeme", "administrator",
        "admin", "qazwsx", "qazwsxedc", "abcdefgh", "abcdefghij", "abcd", "abc", "iloveu", "liverpool", "charlie",
        "pokemon", "samsung", "passwort", "lösenord", "losenord", "motdepasse", "contraseña", "geheim",
    }
)  # fmt: skip
_SEQUENCES = ("0123456789012345678901234567890", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm")


def normalized(password: str) -> str:
    """The same text for the same keys pressed, whatever the device composes of them (NIST SP 800-63B, 5.1.1.2)."""
    return unicodedata.normalize("NFKC", password)


def username_problem(username: str) -> Problem | None:
    """ASCII letters, digits and `._@+-`, 3 to 64 of them, the first a letter or digit."""
    return _length_problem("username", username, USERNAME_LENGTH) or (
        None if _USERNAME.fullmatch(username) else Problem("INVALID_FORMAT", ("username",))
    )


def password_problem(password: str, username: str) -> Problem | None:
    """8 to 1024 characters of any kind but control characters; not the username, and none of the commonest."""
    password = normalized(password)
    if found := _length_problem("password", password, PASSWORD_LENGTH):
        return found
    if _has_control(password):
        return Problem("INVALID_FORMAT", ("password",))
    return Problem("TOO_COMMON", ("password",)) if _is_common(password.casefold(), username.casefold()) else None


def _is_common(password: str, username: str) -> bool:
    core = password.rstrip("0123456789!.?@#$*-_ ")
    is_sequence = any(password in line or password[::-1] in line for line in _SEQUENCES)
    return core in _COMMON or username in (core, password) or len(set(password)) < 4 or is_sequence


def email_problem(email: str) -> Problem | None:
    """An address with a domain; whether it is somebody's only a message to it can tell."""
    if found := _length_problem("email", email, (1, EMAIL_LIMIT)):
        return found
    return None if _EMAIL.fullmatch(email) and email.isprintable() else Problem("INVALID_FORMAT", ("email",))


def customer_name_problem(name: str) -> Problem | None:
    """1 to 200 printable characters."""
    path = ("customer", "name")
    if not name.strip():
        return Problem("TOO_SHORT", path, {"minimum": "1"})
    if len(name) > CUSTOMER_NAME_LIMIT:
        return Problem("TOO_LONG", path, {"maximum": str(CUSTOMER_NAME_LIMIT)})
    return None if name.isprintable() else Problem("INVALID_FORMAT", path)


def _length_problem(field: str, text: str, bounds: tuple[int, int]) -> Problem | None:
    if len(text) < bounds[0]:
        return Problem("TOO_SHORT", (field,), {"minimum": str(bounds[0])})
    return Problem("TOO_LONG", (field,), {"maximum": str(bounds[1])}) if len(text) > bounds[1] else None


def _has_control(text: str) -> bool:
    return any(unicodedata.category(each) == "Cc" for each in text)
