"""A session as a calendar entry (RFC 5545, methods of RFC 5546), in the reader's language."""

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


def calendar_file(
    card: SessionCard,
    speakers: tuple[Speaker, ...],
    settings: Settings,
    *,
    reader: Reader,
    method: str,
    at: datetime,
) -> bytes:
    """Return the session as iCalendar in UTF-8.

    The link in it is the gated page of the session, never the meeting's own address. A session
    that was cancelled is always told with CANCEL. `at` is when this text is made (DTSTAMP).
    """
    if method not in METHODS:
        raise ValueError(f"No method of an invitation: {method}")
    from icalendar import Calendar  # noqa: PLC0415 - heavy, and only where needed

    spoken = reader.language if reader.language in LANGUAGES else DEFAULT_LANGUAGE
    with speaking(spoken):
        calendar = Calendar()
        calendar.add("prodid", PRODUCT)
        calendar.add("version", "2.0")
        calendar.add("method", "CANCEL" if card.is_cancelled else method)
        event = _event(card, settings, spoken, at)
        text = _description(card, speakers, spoken, f"{event['url']}", reader.timezone)
        event.add("description", _in(text, spoken))
        if reader.address:
            event.add("attendee", _guest(reader), encode=False)
        calendar.add_component(event)
        calendar.add_missing_timezones(
            first_date=(card.starts_local - timedelta(days=370)).date(),
            last_date=(card.ends_local + timedelta(days=370)).date(),
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


def _event(card: SessionCard, settings: Settings, language: str, at: datetime) -> Any:
    from icalendar import Event, vCalAddress, vText  # noqa: PLC0415 - heavy, and only where needed

    link = f"{settings.base_url}/live-sessions/{card.id}"
    event = Event()
    event.add("uid", f"live-session-{card.id}@{urlsplit(settings.base_url).hostname}")
    event.add("dtstamp", at.replace(microsecond=0))
    event.add("sequence", card.sequence)
    event.add("dtstart", card.starts_local.replace(tzinfo=card.zone))
    event.add("dtend", card.ends_local.replace(tzinfo=card.zone))
    title = pick(card.title, language)
    event.add("summary", _in(title.text, title.language))
    event.add("status", "CANCELLED" if card.is_cancelled else "CONFIRMED")
    event.add("transp", "OPAQUE")
    event.add("url", link)
    event.add("location", _in(_place(card, language), language))
    organiser = vCalAddress(f"mailto:{settings.mail_from}")
    organiser.params["CN"] = vText(pick(read_site().name, language).text)
    event.add("organizer", organiser, encode=False)
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
    room = _join([_text(card.venue_name, language), _text(card.venue_address, language)], language)
    web = str(_("Web")) if card.has_web or not card.has_venue else ""
    return " / ".join(part for part in (room, web) if part)


def _description(
    card: SessionCard,
    speakers: tuple[Speaker, ...],
    language: str,
    link: str,
    timezone: str,
) -> str:
    lines = [_text(card.edition_title, language)]
    if card.is_cancelled:
        lines.append(_("This session was cancelled."))
    here = format_span(card.starts_at, card.ends_at, card.zone, language)
    lines.append(here)
    if is_zone(timezone) and timezone != card.timezone:
        zone = ZoneInfo(timezone)
        lines.append(format_span(card.starts_at, card.ends_at, zone, language))
    if speakers:
        names = _join([_text(speaker.name, language) for speaker in speakers], language)
        lines.append(_("Speakers: %(names)s", names=names))
    if card.venue_access:
        lines.append(_("Access: %(text)s", text=_text(card.venue_access, language)))
    if card.interpretation:
        lines.append(_("With simultaneous interpretation."))
    if card.is_recorded:
        lines.append(_("This session is recorded. The camera may stay off."))
    if not card.is_cancelled:
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
