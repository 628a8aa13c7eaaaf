"""The demo's mailbox: every mail as it would have arrived. Outside the demo there is none."""

import re
from dataclasses import dataclass
from datetime import datetime
from email import policy as email_policy
from email.headerregistry import DateHeader
from email.parser import BytesParser
from pathlib import Path
from typing import Any

from flask import render_template

from lms.infra.current import current_settings
from lms.infra.web.access import PUBLIC, access
from lms.kernel.errors import NotFoundError
from lms.notifications.views.blueprint import argument, blueprint

_SHOWN = 100
_NAME = re.compile(r"[0-9a-z]{26}")


@dataclass(frozen=True, slots=True)
class CalendarPart:
    """A calendar part, decoded: its method and its lines, folded ones joined."""

    method: str
    lines: list[str]


@dataclass(frozen=True, slots=True)
class ReadMail:
    """A mail as its reader sees it. `text` and `calendars` only where it is opened."""

    name: str
    subject: str
    to: str
    sender: str
    at: datetime | None
    language: str
    text: str = ""
    calendars: tuple[CalendarPart, ...] = ()
    has_calendar: bool = False


def _folder() -> Path:
    settings = current_settings()
    if not settings.demo or settings.mail_folder is None:
        raise NotFoundError
    return settings.mail_folder


@blueprint.get("/demo/mailbox")
@access(PUBLIC)
def mailbox() -> Any:
    """List the newest mails, all or those to one address."""
    folder, search = _folder(), argument("q").lower()
    # Names are ids, which sort by the moment they were made.
    files = sorted(folder.glob("*.eml"), reverse=True)
    mails = (_read(file) for file in files[: _SHOWN * 5])
    found = [mail for mail in mails if search in f"{mail.to} {mail.subject}".lower()]
    return render_template("notifications/mailbox.html", mails=found[:_SHOWN], search=search)


@blueprint.get("/demo/mailbox/<name>")
@access(PUBLIC)
def mailbox_mail(name: str) -> Any:
    """Show one mail with its calendar parts decoded."""
    file = _folder() / f"{name}.eml"
    if not _NAME.fullmatch(name) or not file.is_file():
        raise NotFoundError
    return render_template("notifications/mailbox_mail.html", mail=_read(file, whole=True))


def _read(file: Path, *, whole: bool = False) -> ReadMail:
    with file.open("rb") as stream:
        message = BytesParser(policy=email_policy.default).parse(stream)
    date = message["Date"]
    parts = [part for part in message.walk() if part.get_content_type() == "text/calendar"]
    body = message.get_body(("plain",)) if whole else None
    return ReadMail(
        name=file.stem,
        subject=str(message["Subject"]),
        to=str(message["To"]),
        sender=str(message["From"]),
        at=date.datetime if isinstance(date, DateHeader) else None,
        language=str(message["Content-Language"] or "ja"),
        text=str(body.get_content()) if body is not None else "",
        calendars=tuple(_calendar(part) for part in parts) if whole else (),
        has_calendar=bool(parts),
    )


def _calendar(part: Any) -> CalendarPart:
    text = str(part.get_content()).replace("\r\n", "\n")
    # A line that begins with a space goes on where the one before it was folded.
    lines = re.sub(r"\n[ \t]", "", text).splitlines()
    return CalendarPart(str(part.get_param("method") or ""), lines)
