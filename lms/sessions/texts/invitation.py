"""A session as a calendar entry (RFC 5545, methods of RFC 5546), in the reader's language."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from flask_babel import gettext as _

from lms.config import Settings
from lms.infra.i18n import DEFAULT_LANGUAGE, LANGUAGES, speaking
from lms.infra.site import read_site
from lms.infra.web.formats import format_span
from lms.kernel.localized import Localized, pick
from lms.kernel.wall import is_zone
from lms.sessions.queries import SessionCard, Speaker

PRODUCT = "-//Tomoni//Training platform//EN"
METHODS = ("PUBLISH", "REQUEST", "CANCEL")


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom an entry is written.

    `timezone`: the reader's zone, whose times stand in the description when they differ.
    `name` and `address` make the reader the guest of the meeting, as a REQUEST wants it.
    """

    language: str
    timezone: str = ""
    name: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A session with its speakers, under the number that the reader's calendar is told.

    `sequence` None: the session's own.
    """

    card: SessionCard
    speakers: tuple[Speaker, ...] = ()
    sequence: int | None = None


def calendar_file(
    card: SessionCard,
    speakers: tuple[Speaker, ...],
    settings: Settings,
    *,
    reader: Reader,
    method: str,
    at: datetime,
    sequence: int | None = None,
) -> bytes:
    """Return the session as iCalendar in UTF-8.

    The link in it is the gated page of the session, never the meeting's own address. A session
    that was cancelled is always told with CANCEL; a CANCEL of one that was not takes the reader
    off its list. `at` is when this text is made (DTSTAMP).
    """
    if method not in METHODS:
        raise ValueError(f"No method of an invitation: {method}")
    spoken = _spoken(reader.language)
    method = "CANCEL" if card.is_cancelled else method
    with speaking(spoken):
        calendar = _calendar(method)
        event = _event(Entry(card, speakers, sequence), settings, reader, method=method, at=at)
        if reader.address:
            event.add("attendee", _guest(reader), encode=False)
        calendar.add_component(event)
        return _written(calendar, [card])


def feed_file(entries: Sequence[Entry], settings: Settings, *, reader: Reader, name: str) -> bytes:
    """Return sessions as a calendar to subscribe to, named `name`: the same bytes for the same.

    Every entry carries the moment of its own last change (DTSTAMP, as RFC 5545 3.8.7.2 wants it
    of what is published), so that programs and caches see whether anything is new.
    """
    with speaking(_spoken(reader.language)):
        calendar = _calendar("PUBLISH")
        calendar.add("name", name)
        calendar.add("x-wr-calname", name)
        calendar.add("refresh-interval", timedelta(hours=1), parameters={"VALUE": "DURATION"})
        calendar.add("x-published-ttl", "PT1H")
        for entry in entries:
            at = entry.card.changed_at or entry.card.created_at
            event = _event(entry, settings, reader, method="PUBLISH", at=at)
            event.add("last-modified", at.replace(microsecond=0))
            calendar.add_component(event)
        return _written(calendar, [entry.card for entry in entries])


def _spoken(language: str) -> str:
    return language if language in LANGUAGES else DEFAULT_LANGUAGE


def _calendar(method: str) -> Any:
    from icalendar import Calendar  # noqa: PLC0415 - heavy, and only where needed

    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", method)
    return calendar


def _written(calendar: Any, cards: Sequence[SessionCard]) -> bytes:
    if cards:
        around = timedelta(days=370)  # the clock changes on either side
        calendar.add_missing_timezones(
            first_date=(min(card.starts_local for card in cards) - around).date(),
            last_date=(max(card.ends_local for card in cards) + around).date(),
        )
    return bytes(calendar.to_ical())


def _guest(reader: Reader) -> Any:
    from icalendar import vCalAddress, vText  # noqa: PLC0415 - heavy, and only where needed

    guest = vCalAddress(f"mailto:{reader.address}")
    if reader.name:
        guest.params["CN"] = vText(reader.name)
    guest.params["ROLE"] = vText("REQ-PARTICIPANT")
    guest.params["PARTSTAT"] = vText("ACCEPTED")
    guest.params["RSVP"] = vText("FALSE")
    return guest


def _event(entry: Entry, settings: Settings, reader: Reader, *, method: str, at: datetime) -> Any:
    from icalendar import Event, vCalAddress, vText  # noqa: PLC0415 - heavy, and only where needed

    card, language = entry.card, _spoken(reader.language)
    link = f"{settings.base_url}/live-sessions/{card.id}"
    event = Event()
    event.add("uid", f"live-session-{card.id}@{urlsplit(settings.base_url).hostname}")
    event.add("dtstamp", at.replace(microsecond=0))
    event.add("sequence", card.sequence if entry.sequence is None else entry.sequence)
    event.add("dtstart", card.starts_local.replace(tzinfo=card.zone))
    event.add("dtend", card.ends_local.replace(tzinfo=card.zone))
    title = pick(card.title, language)
    event.add("summary", _in(title.text, title.language))
    if card.is_cancelled:
        event.add("status", "CANCELLED")
    elif method != "CANCEL":  # RFC 5546 3.2.5: not where only this guest is taken off the list
        event.add("status", "CONFIRMED")
    event.add("transp", "OPAQUE")
    event.add("url", link)
    event.add("location", _in(_place(card, language), language))
    organiser = vCalAddress(f"mailto:{settings.mail_from}")
    organiser.params["CN"] = vText(pick(read_site().name, language).text)
    event.add("organizer", organiser, encode=False)
    text = _description(entry, language, link, reader.timezone, method=method)
    event.add("description", _in(text, language))
    return event


def _in(text: str, language: str) -> Any:
    from icalendar import vText  # noqa: PLC0415 - heavy, and only where needed

    value = vText(text)
    value.params["LANGUAGE"] = language
    return value


def _join(parts: list[str], language: str) -> str:
    return ("\u3001" if language == "ja" else ", ").join(part for part in parts if part)


def _text(value: Localized, language: str) -> str:
    return pick(value, language).text


def _place(card: SessionCard, language: str) -> str:
    place = [card.venue_name, card.room, card.venue_address]
    room = _join([_text(each, language) for each in place], language)
    web = str(_("Web")) if card.has_web or not card.has_venue else ""
    return " / ".join(part for part in (room, web) if part)


def _ended(card: SessionCard, method: str) -> str:
    """Return why an entry goes out of the calendar; '' while it stays."""
    if card.is_on_hold:
        return str(_("This session was postponed. The new date follows."))
    if card.is_cancelled:
        return str(_("This session was cancelled."))
    if method == "CANCEL":
        return str(_("You are not on the list of this session any more."))
    return ""


def _description(entry: Entry, language: str, link: str, timezone: str, *, method: str) -> str:
    card, speakers = entry.card, entry.speakers
    lines = [_text(card.edition_title, language)]
    if ended := _ended(card, method):
        lines.append(ended)
    if card.notice is not None and card.notice.message and method != "CANCEL":
        lines.append(_text(card.notice.message, language))
    here = format_span(card.starts_at, card.ends_at, card.zone, language)
    lines.append(here)
    if is_zone(timezone) and timezone != card.timezone:
        zone = ZoneInfo(timezone)
        lines.append(format_span(card.starts_at, card.ends_at, zone, language))
    speak = [speaker for speaker in speakers if speaker.role == "speaker"]
    if speak:
        names = _join([_text(speaker.name, language) for speaker in speak], language)
        lines.append(_("Speakers: %(names)s", names=names))
    if card.venue_access:
        lines.append(_("Access: %(text)s", text=_text(card.venue_access, language)))
    if card.interpretation:
        lines.append(_("With simultaneous interpretation."))
    if card.is_recorded:
        lines.append(_("This session is recorded. The camera may stay off."))
    if not card.is_cancelled and method != "CANCEL":
        lines.append(
            _(
                "Details, and from %(minutes)s minutes before the start the button to join:",
                minutes=card.join_opens_minutes,
            )
            if card.has_web
            else _("Details:")
        )
        lines.append(link)
    return "\n".join(str(line) for line in lines)
