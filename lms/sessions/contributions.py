"""What live sessions give to others: the calendar part of mails."""

from flask import Flask

from lms.infra.current import current_settings
from lms.infra.mail.calendar_parts import register_calendar
from lms.kernel import clock
from lms.sessions import queries
from lms.sessions.texts import Reader, calendar_file


def calendar_part(live_session_id: str, language: str, timezone: str, method: str) -> bytes | None:
    """Return the invitation to a session for a mail; None when the session is gone.

    The settings are those of the application that sends: a process may hold several.
    """
    card = queries.find_live_session(live_session_id)
    if card is None:
        return None
    speakers = queries.speakers_of([card.id]).get(card.id, ())
    return calendar_file(
        card,
        speakers,
        current_settings(),
        reader=Reader(language, timezone),
        method=method,
        at=clock.now(),
    )


def register(app: Flask) -> None:
    """Give mails their calendar parts."""
    del app
    register_calendar(calendar_part)
