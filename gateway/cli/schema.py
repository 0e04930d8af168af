"""`gateway schema`: the printed schema, and whether the file in the repository is still it."""

from difflib import unified_diff
from pathlib import Path

from gateway.cli.refusal import Refusal
from gateway.cli.words import say


def print_schema() -> int:
    """Prints it."""
    from gateway.api.printed import printed

    say(printed().rstrip("\n"))
    return 0


def check_schema(file: Path) -> int:
    """0 when the file is the printed schema, else 1 with the differences. Raises: Refusal."""
    from gateway.api.printed import printed

    try:
        kept = file.read_text("utf-8")
    except OSError as error:
        raise Refusal(f"{file}: {error.strerror}") from None
    if kept == printed():
        return 0
    say(*unified_diff(kept.splitlines(), printed().splitlines(), str(file), "gateway schema", lineterm="", n=2))
    raise Refusal(f"{file} is stale; renew it by: gateway schema > {file}")
