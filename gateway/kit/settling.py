"""For how long what a provider did not answer may still be done: what an option of an adapter says."""

from gateway.contract import SETTLES_AFTER_S
from gateway.kit.options import Options

LONGEST_S = 86400


def read_settling(options: Options, name: str) -> float:
    """The option of that name in seconds, `SETTLES_AFTER_S` where it is not there. Raises: InvalidOptions."""
    found = options.decimal(name)
    if found is not None and found > LONGEST_S:
        raise options.invalid(name, f"at most {LONGEST_S} seconds are expected")
    return SETTLES_AFTER_S if found is None else float(found)
