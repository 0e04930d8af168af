"""What is to be done later: kept with what it is about, so that a restart forgets nothing."""

import sqlite3
from dataclasses import dataclass


@dataclass(frozen=True)
class Timer:
    """A thing to do when its time has come."""

    id: int
    action: str
    subject: str


def schedule(db: sqlite3.Connection, due: float, action: str, subject: str) -> None:
    """Has `action` done to `subject` at that time."""
    db.execute("insert into timer (due, action, subject) values (?, ?, ?)", (due, action, subject))


def unschedule(db: sqlite3.Connection, subject: str) -> None:
    """Drops all that is still to be done to `subject`."""
    db.execute("delete from timer where subject = ?", (subject,))


def is_scheduled(db: sqlite3.Connection, action: str) -> bool:
    """Whether such a thing is still to be done."""
    return db.execute("select 1 from timer where action = ?", (action,)).fetchone() is not None


def next_due(db: sqlite3.Connection) -> float | None:
    """When the next one is due."""
    (due,) = db.execute("select min(due) from timer").fetchone()
    return None if due is None else float(due)


def take_due(db: sqlite3.Connection, now: float) -> Timer | None:
    """Takes the earliest one that is due off the list; what is done about it must commit together with this."""
    row = db.execute(
        "delete from timer where id = (select id from timer where due <= ? order by due, id limit 1)"
        " returning id, action, subject",
        (now,),
    ).fetchone()
    return None if row is None else Timer(*row)


def hasten(db: sqlite3.Connection, action: str, now: float, subject: str | None) -> int:
    """Makes such things due now (of one subject, or of all); answers how many."""
    changed = db.execute(
        "update timer set due = ?1 where action = ?2 and (?3 is null or subject = ?3)", (now, action, subject)
    )
    return changed.rowcount
