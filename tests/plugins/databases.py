"""New SQLite files that are copies of one whose schema was made once: to make it takes longer than most tests.

A test of how the schema is made takes the fixture `schema_from_nothing`.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL, create_engine

from gateway.storage import schema, sqlite

_original = sqlite.prepare


class _Copies:
    """What stands in for `sqlite.prepare`."""

    def __init__(self, model: Path) -> None:
        self.model = model
        self.is_on = True

    def prepare(self, url: URL) -> None:
        path = Path(url.database) if url.database and url.database != ":memory:" else None
        if self.is_on and path is not None and not path.exists() and path.parent.is_dir():
            shutil.copyfile(self._made(), path)
            path.chmod(0o600)
        _original(url)

    def _made(self) -> Path:
        if not self.model.exists():
            _original(URL.create("sqlite", database=str(self.model)))
            engine = create_engine(f"sqlite:///{self.model}")
            with engine.begin() as connection:
                schema.upgrade(connection)
            # The last connection's end writes all into the file itself.
            engine.dispose()
        return self.model


@pytest.fixture(scope="session", autouse=True)
def sqlite_copies(tmp_path_factory: pytest.TempPathFactory) -> Iterator[_Copies]:
    """Copies for this whole run."""
    copies = _Copies(tmp_path_factory.mktemp("model") / "gateway.db")
    patch = pytest.MonkeyPatch()
    patch.setattr(sqlite, "prepare", copies.prepare)
    yield copies
    patch.undo()


@pytest.fixture
def schema_from_nothing(sqlite_copies: _Copies) -> Iterator[None]:
    """A new file is empty, as it is for whoever starts a gateway."""
    sqlite_copies.is_on = False
    yield
    sqlite_copies.is_on = True
