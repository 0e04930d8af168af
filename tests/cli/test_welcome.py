"""What the demo prints can be typed in another terminal as it stands."""

from pathlib import Path

import pytest

from gateway.cli.accounts import DemoCredentials
from gateway.cli.welcome import welcome

NOBODY = DemoCredentials({"demo": "secret", "operator": "secret"}, "an-id", "a-secret")


@pytest.mark.parametrize(("uv", "command"), [("/bin/uv", "uv run --no-dev gateway"), (None, "gateway")])
def test_the_tour_is_named_as_the_demo_was_started(
    uv: str | None, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("UV", raising=False)
    if uv:
        monkeypatch.setenv("UV", uv)

    lines = list(welcome("http://127.0.0.1:8000", Path("/data/my demo"), NOBODY))

    assert f"  {command} demo --tour --data '/data/my demo'" in lines
