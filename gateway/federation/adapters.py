"""Which adapters are installed, and what is wrong with one that can't be loaded."""

import logging
from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points

from gateway.contract.provider import Connect

ENTRY_POINT_GROUP = "gateway.adapters"

_log = logging.getLogger(__name__)


def installed_adapters() -> Mapping[str, Connect]:
    """The adapters that are installed, by name. One that can't be loaded is left out, and written to the log: it
    stops nobody who uses another.
    """
    found: dict[str, Connect] = {}
    for point in entry_points(group=ENTRY_POINT_GROUP):
        loaded, fault = _loaded(point)
        if loaded is None:
            # The type alone: no text of an exception is in a log. Whoever uses the adapter is told the whole.
            _log.warning("adapter %s can't be loaded: %s", point.name, fault.partition(":")[0])
        else:
            found[point.name] = loaded
    return found


def why_unknown(name: str, adapters: Mapping[str, Connect]) -> str:
    """What to say of an adapter that is not among those: broken, or not installed, and which are."""
    for point in entry_points(group=ENTRY_POINT_GROUP, name=name):
        loaded, fault = _loaded(point)
        if loaded is None:
            return f"adapter {name!r} ({point.value}) can't be loaded: {fault}"
    return f"no adapter {name!r} (installed: {', '.join(sorted(adapters)) or 'none'})"


def _loaded(point: EntryPoint) -> tuple[Connect | None, str]:
    try:
        loaded = point.load()
    # Somebody else's code: whatever it raises while it is imported, the gateway goes on.
    except Exception as error:
        return None, f"{type(error).__name__}: {error}"
    return (loaded, "") if callable(loaded) else (None, "it is no function")
