"""A cluster's parts: PostgreSQL, operators that outlive every gateway, and gateways as processes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.cluster import Cluster, cluster
from tests.e2e.operators import running_operators
from tests.storage.conftest import new_database, postgres_server

__all__ = ["postgres_server"]


@pytest.fixture
def operators(tmp_path: Path) -> Iterator[Path]:
    """The folder of operators that deliver in a second or two."""
    with running_operators(tmp_path, "0.5", "2") as folder:
        yield folder


@pytest.fixture
def gateways(tmp_path: Path, operators: Path, postgres_server: str) -> Iterator[Cluster]:
    """A cluster on a database of its own, without a gateway yet."""
    with cluster(tmp_path, operators, GATEWAY_DATABASE_URL=new_database(postgres_server)) as made:
        yield made
