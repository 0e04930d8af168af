"""For how long what a provider did not answer may still be done: what an adapter's option `settles_after_s` says."""

from gateway.contract import SETTLES_AFTER_S
from gateway.kit.options import Options

LONGEST_S = 86400


def read_settling(options: Options) -> float:
    """In seconds, `SETTLES_AFTER_S` where nothing is said. Raises: InvalidOptions."""
    found = options.decimal("settles_after_s")
    if found is not None and found > LONGEST_S:
        raise options.invalid("settles_after_s", f"at most {LONGEST_S} seconds are expected")
    return SETTLES_AFTER_S if found is None else float(found)
