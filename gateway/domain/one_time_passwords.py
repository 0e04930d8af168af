"""Who needs a one-time password, and what the codes look like that stand in for one."""

import re
import secrets
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from gateway.domain.parties import Actor, MemberRole

RECOVERY_CODES = 10
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that looks like something else
_GROUPS, _GROUP_LENGTH = 4, 4


class OneTimePasswordRequirement(StrEnum):
    """Who must have one: nobody, self-service managers and the operator's own people, or everyone."""

    NONE = "none"
    MANAGERS = "managers"
    ALL = "all"

    def concerns(self, actor: Actor) -> bool:
        """Whether that person must have one; who came by the operator's identity provider goes by its rules."""
        if actor.came_by_issuer:
            return False
        is_manager = any(each.role is MemberRole.SELF_SERVICE_MANAGER for each in actor.memberships)
        return self is self.ALL or (self is self.MANAGERS and (is_manager or actor.is_operator))


@dataclass(frozen=True, slots=True)
class Proof:
    """What shows that a person has the second thing: a code of the moment, or one of the recovery codes."""

    one_time_code: str | None = None
    recovery_code: str | None = None


def new_recovery_codes() -> tuple[str, ...]:
    """Codes of 79 random bits each, as `abcd-efgh-jkmn-pqrs`."""
    return tuple(
        "-".join("".join(secrets.choice(_ALPHABET) for _ in range(_GROUP_LENGTH)) for _ in range(_GROUPS))
        for _ in range(RECOVERY_CODES)
    )


def recovery_digest(code: str) -> str:
    """What is kept of a code; the same however it was typed: capitals, blanks and hyphens do not count."""
    plain = re.sub(r"[\s-]", "", code[:200]).casefold()
    return sha256(plain.encode(errors="replace")).hexdigest()


def one_time_code(text: str) -> str:
    """The code as an authenticator shows it, however its digits were grouped; empty for what is none."""
    code = re.sub(r"[\s-]", "", text[:20])
    return code if re.fullmatch(r"[0-9]{6}", code) else ""
