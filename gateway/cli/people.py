"""`gateway account …`: what the operator does for a person, on the data folder, also of a gateway that runs."""

from pathlib import Path

from gateway.cli.keeper import run_with_keeper
from gateway.cli.words import say
from gateway.usecases import own_sessions


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


def _told(code: str) -> str:
    return "there is no account of that name" if code == "NOT_FOUND" else code
