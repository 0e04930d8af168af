"""The demo's accounts: a manager of one customer and an operator, with passwords made anew for each data folder."""

import json
import secrets
from collections.abc import Mapping
from pathlib import Path

from gateway.api.auth.passwords import open_passwords
from gateway.cli.data_folder import write_private
from gateway.cli.refusal import Refusal
from gateway.usecases.core import Core
from gateway.usecases.parties import seed_accounts as seed

FILE = "credentials.json"
MANAGER = "demo"
OPERATOR = "operator"


async def seed_accounts(core: Core, folder: Path) -> dict[str, str]:
    """The passwords by username: those of the folder, where it has some. The accounts have them afterwards.

    The file comes first: what is interrupted in between is completed at the next start. Raises: Refusal.
    """
    kept = _read(folder / FILE)
    passwords = kept or {name: secrets.token_urlsafe(12) for name in (MANAGER, OPERATOR)}
    if kept is None:
        write_private(folder / FILE, json.dumps(passwords, indent=1) + "\n")
    with open_passwords() as hashing:
        await seed(core.storage, core.clock, hashing, passwords[MANAGER], passwords[OPERATOR])
    return passwords


def _read(path: Path) -> dict[str, str] | None:
    if not path.exists():
        return None
    try:
        kept: Mapping[str, object] = json.loads(path.read_text("utf-8"))
        return {name: str(kept[name]) for name in (MANAGER, OPERATOR)}
    except (OSError, ValueError, KeyError, TypeError):
        raise Refusal(f"{path} can't be read; remove it to have new passwords made") from None
