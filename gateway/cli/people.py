"""`gateway account …`: what the operator does for a person, on the data folder, also of a gateway that runs."""

from pathlib import Path

from gateway.cli.keeper import run_with_keeper
from gateway.cli.words import say
from gateway.usecases import own_sessions
from gateway.usecases.erasing import erase_account_of


def end_sessions(username: str, data: Path | None) -> int:
    """Ends them all; a gateway that runs notices within five seconds. Raises: Refusal."""
    ended = run_with_keeper(data, lambda keeper: own_sessions.end_sessions_of(keeper, username), _told)
    say(f"{username}: {ended} {'session has' if ended == 1 else 'sessions have'} ended")
    return 0


def reset_one_time_password(username: str, data: Path | None) -> int:
    """Takes it away, and ends the sessions. Raises: Refusal."""
    had_one = run_with_keeper(data, lambda keeper: own_sessions.reset_one_time_password(keeper, username), _told)
    say(f"{username} signs in by the password alone now" if had_one else f"{username} had no one-time password")
    return 0


def erase(username: str, data: Path | None) -> int:
    """Erases the account; a gateway that runs notices within five seconds. Raises: Refusal."""
    erased = run_with_keeper(data, lambda keeper: erase_account_of(keeper, username), _told)
    say(f"the account is erased; what is left of it is the id {erased}")
    return 0


def _told(code: str) -> str:
    told = {
        "NOT_FOUND": "there is no account of that name",
        "LAST_MANAGER": "nobody else manages one of its customers: hand the management over, or close the customer",
    }
    return told.get(code, code)
