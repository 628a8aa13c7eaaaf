"""What live sessions give to others: the calendar parts of mails, and what is kept for a time."""

from collections.abc import Sequence

from flask import Flask

from lms.infra.current import current_settings
from lms.infra.mail.calendar_parts import CalendarPart, CalendarReader, register_calendar
from lms.infra.retention import add_kept
from lms.kernel import clock
from lms.kernel.ids import LiveSessionId
from lms.sessions import queries
from lms.sessions.operations.forgetting import KINDS
from lms.sessions.queries.audience import last_words
from lms.sessions.queries.feeds import find_cards
from lms.sessions.rules.inviting import next_sequence
from lms.sessions.texts import Reader, calendar_file


def calendar_parts(wanted: Sequence[tuple[str, str]], reader: CalendarReader) -> list[CalendarPart]:
    """Return the invitations of a mail, in four queries; without sessions that are gone.

    What this person's calendar was told last decides, so that a mail that waited for hours does
    not call in somebody who has withdrawn meanwhile. The settings are those of the application
    that sends: a process may hold several.
    """
    ids = [session_id for session_id, _method in wanted]
    cards = {card.id: card for card in find_cards(ids)}
    speakers = queries.speakers_of(list(cards))
    words = last_words(reader.person_id, ids) if reader.person_id is not None else {}
    guest = Reader(reader.language, reader.timezone, reader.name, reader.address)
    at, settings = clock.now(), current_settings()
    parts = []
    for session_id, method in wanted:
        card = cards.get(LiveSessionId(session_id))
        if card is None:
            continue
        word = words.get(session_id)
        said = "CANCEL" if card.is_cancelled else word.method if word is not None else method
        sequence = card.sequence
        if word is not None:
            sequence = next_sequence(said, card.sequence, word)
        data = calendar_file(
            card,
            speakers.get(card.id, ()),
            settings,
            reader=guest,
            method=said,
            at=at,
            sequence=sequence,
        )
        parts.append(CalendarPart(data, said))
    return parts


def register(app: Flask) -> None:
    """Give mails their calendar parts; say what is kept for a time."""
    del app
    for kind in KINDS:
        add_kept(kind)
    register_calendar(calendar_parts)
