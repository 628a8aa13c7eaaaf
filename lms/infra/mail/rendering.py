"""From an outbox row to a message: rendered in the language and zone of its reader.

The texts are templates a language, `mail/<language>/<template>.txt`; the first line is the
subject. Parameters under `secrets` (links for one person only) are gone once the mail is sent.
"""

import re
from contextlib import suppress
from datetime import date, datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import structlog
from flask import current_app
from jinja2 import StrictUndefined
from jinja2.environment import Environment
from werkzeug.routing import BuildError

from lms.config import Settings
from lms.infra.i18n import DEFAULT_LANGUAGE, LANGUAGES, speaking
from lms.infra.mail.calendar_parts import CalendarReader, calendar_parts
from lms.infra.mail.models import OutboxMail
from lms.infra.site import read_site
from lms.infra.web.formats import format_moment, format_span
from lms.kernel import clock
from lms.kernel.dates import format_day
from lms.kernel.localized import pick
from lms.kernel.wall import is_zone

log = structlog.get_logger()


class UnusableAddressError(ValueError):
    """No message can carry this address."""


def message_id_of(mail: OutboxMail, settings: Settings) -> str:
    """Return the Message-ID, the same at every attempt.

    So a mail that came twice after an unknown outcome shows as one.
    """
    return f"<{mail.id}@{_domain(settings)}>"


def _domain(settings: Settings) -> str:
    _name, _at, domain = settings.mail_from.rpartition("@")
    return domain or "localhost"


def render_text(mail: OutboxMail, settings: Settings) -> tuple[str, str]:
    """Return subject and text. Raises Jinja's errors when template and parameters disagree."""
    language = mail.language if mail.language in LANGUAGES else DEFAULT_LANGUAGE
    zone = ZoneInfo(mail.timezone if is_zone(mail.timezone) else "Asia/Tokyo")
    with speaking(language):
        template = _environment().get_template(f"mail/{language}/{mail.template}.txt")
        words = _Words(settings, language, zone)
        text = template.render(
            **{**mail.params, "secrets": mail.params.get("secrets", {})},
            to_name=mail.to_name,
            site_name=pick(read_site().name, language).text,
            contact=read_site().contact,
            link=words.link,
            moment=words.moment,
            span=words.span,
            day=words.day,
            loc=words.loc,
        )
    subject, _newline, body = text.strip().partition("\n")
    # Parts of a letter that are left out leave their empty lines behind.
    return " ".join(subject.split()), re.sub(r"\n{3,}", "\n\n", body).strip() + "\n"


def _environment() -> Environment:
    # Plain text with every parameter there; the application's own environment is for pages.
    known: Environment | None = current_app.extensions.get("mail_templates")
    if known is None:
        known = current_app.jinja_env.overlay(
            undefined=StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True
        )
        current_app.extensions["mail_templates"] = known
    return known


class _Words:
    """What templates write with: links, moments and texts for this reader."""

    def __init__(self, settings: Settings, language: str, zone: ZoneInfo):
        self._language = language
        self._zone = zone
        self._base = settings.base_url
        base = urlsplit(settings.base_url)
        self._urls = current_app.url_map.bind(
            base.netloc, script_name=base.path or "/", url_scheme=base.scheme
        )

    def link(self, endpoint: str, **values: Any) -> str:
        """Return the address of one of our own pages, where access is decided."""
        try:
            return self._urls.build(endpoint, values, force_external=True)
        except BuildError:  # a mail with a link to the front page is better than none
            log.error("mail_link_unknown", endpoint=endpoint)  # noqa: TRY400 - the name says it all
            return f"{self._base}/"

    def moment(self, text: str, zone: str | None = None) -> str:
        place = ZoneInfo(zone) if zone else self._zone
        return format_moment(datetime.fromisoformat(text), place, self._language)

    def span(self, start: str, end: str, zone: str | None = None) -> str:
        place = ZoneInfo(zone) if zone else self._zone
        first, last = datetime.fromisoformat(start), datetime.fromisoformat(end)
        return format_span(first, last, place, self._language)

    def day(self, text: str) -> str:
        return format_day(date.fromisoformat(text), self._language)

    def loc(self, texts: dict[str, str]) -> str:
        return pick(texts, self._language).text


def build_message(mail: OutboxMail, settings: Settings) -> EmailMessage:
    """Return the whole message. Raises UnusableAddressError (the recipient's), Jinja's errors."""
    subject, text = render_text(mail, settings)
    message = EmailMessage(policy=SMTP)
    message["Message-ID"] = message_id_of(mail, settings)
    message["Date"] = clock.now()
    message["Subject"] = subject
    name = pick(read_site().name, mail.language).text
    message["To"] = _address(mail.to_name, mail.to_address)
    try:
        message["From"] = _address(name, settings.mail_from)
    except UnusableAddressError as error:  # ours to mend: no reason to give this mail up
        raise RuntimeError("TOMONI_MAIL_FROM is no address") from error
    # The contact may be an address, or a telephone number and office hours.
    with suppress(UnusableAddressError):
        message["Reply-To"] = _address("", read_site().contact)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text, charset="utf-8", cte="base64")
    _add_calendar(message, mail)
    message["Content-Language"] = mail.language  # last: new content takes such headers away
    return message


def _add_calendar(message: EmailMessage, mail: OutboxMail) -> None:
    """Add what the mail tells calendars, one iCalendar object for each session (RFC 5546 3.2).

    The first stands beside the text, where mail programs look for an invitation, and once more
    as a file for those that look there only; further ones are files.
    """
    kept = mail.params.get("calendar") or []
    entries = [kept] if isinstance(kept, dict) else kept
    if not entries:
        return
    wanted = [(str(one["live_session_id"]), str(one["method"])) for one in entries]
    reader = CalendarReader(
        mail.language, mail.timezone, mail.to_name, mail.to_address, mail.person_id
    )
    for number, part in enumerate(calendar_parts(wanted, reader), 1):
        as_text: dict[str, Any] = {
            "subtype": "calendar",
            "charset": "utf-8",
            "cte": "base64",
            "params": {"method": part.method},
        }
        if number == 1:
            message.add_alternative(part.data.decode(), **as_text)
            message.add_attachment(
                part.data, maintype="application", subtype="ics", filename="invite.ics"
            )
        else:
            message.add_attachment(part.data.decode(), filename=f"invite-{number}.ics", **as_text)


def _address(name: str, address: str) -> Address:
    if "@" not in address:
        raise UnusableAddressError
    try:
        return Address(" ".join(name.split()), addr_spec=address.strip())
    except (ValueError, IndexError, MessageError) as error:  # as the parser trips over it
        raise UnusableAddressError from error
