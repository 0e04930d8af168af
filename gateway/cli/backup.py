"""`gateway db backup`: a copy of one moment, while the gateway runs."""

import contextlib
import os
import shutil
import sqlite3
from pathlib import Path

from sqlalchemy import make_url

from gateway.cli.failures import as_refusals
from gateway.cli.refusal import Refusal
from gateway.cli.words import say
from gateway.settings import Settings, read_settings

DATABASE = "gateway.db"
KEYS = ("keys.json", "secrets.key", "callback.key", "audit.key", "erased.jsonl")
_POSTGRES = "PostgreSQL is backed up by its own tools: pg_dump, or pg_basebackup with an archive of its log"


def backup(folder: Path, data: Path | None) -> int:
    """Makes the folder, for its owner alone: the database as it was at one moment, and the keys. Raises: Refusal."""
    with as_refusals():
        settings = read_settings(data=data)
    url = make_url(settings.database)
    if url.get_backend_name() != "sqlite" or not url.database:
        raise Refusal(_POSTGRES)
    if not Path(url.database).exists():
        raise Refusal(f"there is no database {url.database}")
    if folder.exists():
        raise Refusal(f"{folder} is there already; name a folder that is not")
    draft = folder.with_name(f".{folder.name}.{os.getpid()}")
    try:
        _copy(settings, Path(url.database), draft)
        draft.rename(folder)
    except (OSError, sqlite3.Error) as error:
        raise Refusal(f"the copy can't be made: {getattr(error, 'strerror', None) or error}") from None
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    say(f"copied to {folder}: start from it by --data")
    return 0


def _copy(settings: Settings, database: Path, draft: Path) -> None:
    draft.mkdir(mode=0o700, parents=True)
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=30)) as source:
        # One read transaction: what is written meanwhile is not in it, and nothing of it is half there.
        source.execute("VACUUM INTO ?", (str(draft / DATABASE),))
    (draft / DATABASE).chmod(0o600)
    for name in KEYS:
        if (settings.keys_folder / name).exists():
            shutil.copy2(settings.keys_folder / name, draft / name)
