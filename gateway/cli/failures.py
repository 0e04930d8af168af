"""What the rooms below raise when they can't start, as lines for whoever typed the command."""

import contextlib
from collections.abc import Iterator

from gateway.cli.refusal import Refusal
from gateway.domain.errors import GatewayError
from gateway.federation.registry import UnknownAdapter
from gateway.settings import SettingsError


@contextlib.contextmanager
def as_refusals() -> Iterator[None]:
    """Raises: Refusal."""
    try:
        yield
    except SettingsError as error:
        raise Refusal(*error.lines, status=2) from None
    except GatewayError as error:
        raise Refusal(str(error), status=2 if isinstance(error, UnknownAdapter) else 1) from None
