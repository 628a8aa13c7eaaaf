"""What live sessions give to others: the calendar part of mails."""

from functools import partial

from flask import Flask

from lms.config import Settings
from lms.infra.mail.calendar_parts import register_calendar
from lms.kernel import clock
from lms.sessions import queries
from lms.sessions.texts import Reader, calendar_file


def calendar_part(
    settings: Settings, live_session_id: str, language: str, timezone: str, method: str
) -> bytes | None:
    """Return the invitation to a session for a mail; None when the session is gone."""
    card = queries.find_live_session(live_session_id)
    if card is None:
        return None
    speakers = queries.speakers_of([card.id]).get(card.id, ())
    return calendar_file(
        card,
        speakers,
        settings,
        reader=Reader(language, timezone),
        method=method,
        at=clock.now(),
    )


def register(app: Flask) -> None:
    """Give mails their calendar parts."""
    settings: Settings = app.extensions["settings"]
    register_calendar(partial(calendar_part, settings))
