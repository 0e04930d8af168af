"""The demo's accounts: a manager of one customer, an operator and a partner, with secrets made anew for each folder."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from uuid_utils import uuid7

from gateway.api.auth.passwords import open_passwords
from gateway.cli.data_folder import write_private
from gateway.cli.refusal import Refusal
from gateway.domain.clients import ClientScope
from gateway.domain.identity import own_id
from gateway.usecases.clients import ensure_client
from gateway.usecases.core import Core
from gateway.usecases.parties import seed_accounts as seed

FILE = "credentials.json"
MANAGER = "demo"
OPERATOR = "operator"
PARTNER = "acme"


@dataclass(frozen=True, slots=True)
class DemoCredentials:
    """The passwords by username, and the id and secret of the partner's service client."""

    passwords: Mapping[str, str]
    client_id: str
    client_secret: str


async def seed_accounts(core: Core, folder: Path) -> DemoCredentials:
    """The credentials: those of the folder, where it has some. The accounts have them afterwards.

    The file comes first: what is interrupted in between is completed at the next start. Raises: Refusal.
    """
    found = _completed(_read(folder / FILE))
    write_private(folder / FILE, json.dumps(_content(found), indent=1) + "\n")
    with open_passwords() as hashing:
        await seed(core.storage, core.clock, hashing, found.passwords[MANAGER], found.passwords[OPERATOR])
    await ensure_client(core, found.client_id, found.client_secret, PARTNER, [ClientScope.PROVIDERS_WRITE])
    return found


def _read(path: Path) -> Mapping[str, Any]:
    if not path.exists():
        return {}
    try:
        kept: Mapping[str, Any] = json.loads(path.read_text("utf-8"))
        # An older version's demo had no partner.
        client = kept.get(PARTNER)
        partner = {PARTNER: {name: str(client[name]) for name in ("client_id", "client_secret")}} if client else {}
        return {**{name: str(kept[name]) for name in (MANAGER, OPERATOR)}, **partner}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise Refusal(f"{path} can't be read; remove it to have new passwords made") from None


def _completed(kept: Mapping[str, Any]) -> DemoCredentials:
    passwords = {name: kept.get(name) or secrets.token_urlsafe(12) for name in (MANAGER, OPERATOR)}
    client = kept.get(PARTNER) or {
        "client_id": own_id("ServiceClient", str(uuid7())),
        "client_secret": secrets.token_urlsafe(32),
    }
    return DemoCredentials(passwords, client["client_id"], client["client_secret"])


def _content(found: DemoCredentials) -> Mapping[str, Any]:
    return {
        **found.passwords,
        PARTNER: {"client_id": found.client_id, "client_secret": found.client_secret},
    }
