"""The operator's own identity provider, the issuer: who somebody is there, and what it said at a sign-in."""

import re
from dataclasses import dataclass, field

from gateway.domain.credentials import USERNAME_LENGTH, customer_name_problem, username_problem

SUBJECT_LIMIT = 255
"""How many characters a subject has at most. Source: OpenID Connect Core 1.0, section 2."""

_NOT_IN_USERNAME = re.compile(r"[^A-Za-z0-9._@+-]+")
_SUFFIX_LENGTH = 9


@dataclass(frozen=True, slots=True)
class IssuerSubject:
    """Who somebody is at an issuer: the two together, and nothing else, are the same for ever.

    Source: OpenID Connect Core 1.0, section 5.7.
    """

    issuer: str
    subject: str


@dataclass(frozen=True, slots=True)
class IssuerSignIn:
    """What a checked ID token said: who signed in, in which of the issuer's sessions (`sid`), and what to call them.

    `email` only where the issuer has verified it. `is_operator` where its claim makes them the operator's.
    """

    who: IssuerSubject
    sid: str | None = None
    username: str | None = None
    name: str | None = None
    email: str | None = None
    is_operator: bool = False
    id_token: str = field(default="", repr=False)


def first_username(asked: IssuerSignIn) -> str:
    """The name to begin with: the issuer's where it can be one, else what is left of it, else `user`."""
    given = asked.username or ""
    if username_problem(given) is None:
        return given
    left = _NOT_IN_USERNAME.sub("-", given).strip("._@+-")[: USERNAME_LENGTH[1]]
    return left if username_problem(left) is None else "user"


def with_suffix(username: str, suffix: str) -> str:
    """Another name, for one that is taken."""
    return f"{username[: USERNAME_LENGTH[1] - _SUFFIX_LENGTH]}-{suffix}"


def first_customer_name(asked: IssuerSignIn, username: str) -> str:
    """What the customer of a new account is called: as the person where the issuer says how, else as the account."""
    name = (asked.name or "").strip()
    return name if customer_name_problem(name) is None else username
