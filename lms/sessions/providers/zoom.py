"""Zoom, by a server-to-server OAuth app.

After Zoom's published documentation ("Server-to-Server OAuth", "Meetings", "Reports"). Scopes:
meeting:write:admin, meeting:read:admin, report:read:admin.
"""

import base64
import csv
import hashlib
import io
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

from lms.config import ZoomSettings
from lms.sessions.providers.interface import (
    Guest,
    HeldMeeting,
    MeetingPlan,
    Registration,
    ServiceFault,
    ServiceRefusedError,
    ServiceUnavailableError,
)
from lms.sessions.providers.web import Request, ask
from lms.sessions.rules.reports import AttendanceReport, read_report

_SPARE_SECONDS = 60
"""A token is renewed that long before it runs out."""

_PAGE = 300
_MOST_PAGES = 200
_TITLE, _NAME = 200, 64
_INVALID_TOKEN = 124
_LANGUAGES = {"ja": "ja-JP", "en": "en-US"}


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    until: float


class _Tokens:
    """Tokens of this process, one an account, each asked for once while it lasts."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, _Token] = {}

    def get(self, settings: ZoomSettings) -> str:
        key = _account(settings)
        with self._lock:
            known = self._known.get(key)
            if known is None or known.until <= time.monotonic():
                known = _new_token(settings)
                self._known[key] = known
            return known.text

    def forget(self, settings: ZoomSettings) -> None:
        with self._lock:
            self._known.pop(_account(settings), None)


def _account(settings: ZoomSettings) -> str:
    parts = (
        settings.auth_url, settings.account_id, settings.client_id, settings.client_secret,
    )  # fmt: skip
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _new_token(settings: ZoomSettings) -> _Token:
    pair = f"{settings.client_id}:{settings.client_secret}".encode()
    body = urlencode({"grant_type": "account_credentials", "account_id": settings.account_id})
    answer = ask(
        Request(
            "POST",
            f"{settings.auth_url}/oauth/token",
            {
                "Authorization": f"Basic {base64.b64encode(pair).decode()}",
                "Content-Type": "application/x-www-form-urlencoded",
                "Accept": "application/json",
            },
            body.encode(),
        ),
        settings.timeout,
    )
    text, lasts = answer.get("access_token"), answer.get("expires_in")
    if not isinstance(text, str) or not isinstance(lasts, int):
        raise ServiceUnavailableError(ServiceFault.DOWN)
    return _Token(text, time.monotonic() + max(lasts - _SPARE_SECONDS, 0))


_TOKENS = _Tokens()


class Zoom:
    """Meetings of one Zoom account."""

    name = "zoom"

    def __init__(self, settings: ZoomSettings):
        self._settings = settings

    def create_meeting(self, plan: MeetingPlan) -> HeldMeeting:
        """Make a scheduled meeting at the host."""
        host = quote(plan.host or self._settings.host, safe="@")
        return _held_meeting(self._ask("POST", f"/users/{host}/meetings", body=self._meeting(plan)))

    def find_meeting(self, plan: MeetingPlan) -> HeldMeeting | None:
        """Return the host's scheduled meeting whose agenda holds our key.

        Zoom's list gives an agenda's first 250 characters, and no passcode: that is asked for.
        """
        host = quote(plan.host or self._settings.host, safe="@")
        asked = {"type": "scheduled", "page_size": str(_PAGE)}
        for _page in range(_MOST_PAGES):
            answer = self._ask("GET", f"/users/{host}/meetings", asked)
            for one in _objects(answer, "meetings"):
                if _text(one, "agenda") == _agenda(plan) and isinstance(one.get("id"), int | str):
                    return self._held(str(one["id"]))
            following = answer.get("next_page_token")
            if not following:
                return None
            asked["next_page_token"] = str(following)
        return None

    def _held(self, meeting_id: str) -> HeldMeeting | None:
        try:
            known = self._ask("GET", f"/meetings/{quote(meeting_id, safe='')}")
        except ServiceRefusedError as error:
            if error.fault is ServiceFault.MISSING:  # taken away since it was listed
                return None
            raise
        return _held_meeting(known)

    def update_meeting(self, meeting_id: str, plan: MeetingPlan) -> None:
        """Change title, times and settings."""
        self._ask("PATCH", f"/meetings/{quote(meeting_id, safe='')}", body=self._meeting(plan))

    def delete_meeting(self, meeting_id: str) -> None:
        """Take the meeting away without a mail of Zoom's; gone already is as well."""
        try:
            self._ask(
                "DELETE",
                f"/meetings/{quote(meeting_id, safe='')}",
                {"schedule_for_reminder": "false"},
            )
        except ServiceRefusedError as error:
            if error.fault is not ServiceFault.MISSING:
                raise

    def register(self, meeting_id: str, guest: Guest) -> Registration | None:
        """Register a guest, who is approved at once; None without an address or by setting."""
        if not guest.address or not self._settings.registers:
            return None
        made = self._ask(
            "POST",
            f"/meetings/{quote(meeting_id, safe='')}/registrants",
            body={
                "email": guest.address,
                "first_name": guest.name[:_NAME],
                "language": _LANGUAGES.get(guest.language, "en-US"),
                "auto_approve": True,
            },
        )
        key, address = made.get("registrant_id"), made.get("join_url")
        if not isinstance(key, str) or not isinstance(address, str):
            raise ServiceUnavailableError(ServiceFault.DOWN)
        return Registration(key, address)

    def cancel_registration(self, meeting_id: str, registrant_id: str, address: str) -> None:
        """Take a registrant's link back; a meeting that is gone has none."""
        try:
            self._ask(
                "PUT",
                f"/meetings/{quote(meeting_id, safe='')}/registrants/status",
                body={
                    "action": "cancel",
                    "registrants": [{"id": registrant_id, "email": address}],
                },
            )
        except ServiceRefusedError as error:
            if error.fault is not ServiceFault.MISSING:
                raise

    def personal_url(
        self, meeting_id: str, guest: Guest, *, opens_at: datetime, closes_at: datetime
    ) -> str:
        """Return '': the links are made by registering."""
        del meeting_id, guest, opens_at, closes_at
        return ""

    def fetch_attendance(self, meeting_id: str, title: str) -> bytes | None:
        """Return who came, over every occurrence of the meeting and every page of its report."""
        held = self._ask("GET", f"/past_meetings/{quote(meeting_id, safe='')}/instances")
        instances = [one for one in _objects(held, "meetings") if isinstance(one.get("uuid"), str)]
        instances.sort(key=lambda one: str(one.get("start_time", "")))
        people: list[dict[str, Any]] = []
        for instance in instances:
            people.extend(self._participants(instance["uuid"]))
        return zoom_report_file(meeting_id, title, people)

    def _participants(self, uuid: str) -> Iterator[dict[str, Any]]:
        asked = {"page_size": str(_PAGE), "include_fields": "registrant_id"}
        for _page in range(_MOST_PAGES):
            answer = self._ask("GET", f"/report/meetings/{encode_uuid(uuid)}/participants", asked)
            yield from _objects(answer, "participants")
            following = answer.get("next_page_token")
            if not following:
                return
            asked["next_page_token"] = str(following)
        raise ServiceUnavailableError(ServiceFault.DOWN)

    def _meeting(self, plan: MeetingPlan) -> dict[str, Any]:
        minutes = -(-int((plan.ends_at - plan.starts_at).total_seconds()) // 60)
        registers = plan.registers and self._settings.registers
        return {
            "topic": plan.title[:_TITLE],
            "agenda": _agenda(plan),
            "type": 2,
            "start_time": plan.starts_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "duration": minutes,
            "timezone": plan.timezone,
            "settings": {
                "approval_type": 0 if registers else 2,
                "registration_type": 1,
                "registrants_confirmation_email": False,
                "registrants_email_notification": False,
                "join_before_host": False,
                "auto_recording": "none",
                "participant_video": False,
            },
        }

    def _ask(
        self,
        method: str,
        path: str,
        query: dict[str, str] | None = None,
        *,
        body: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Ask with the token we have, and once more with a new one when that is not taken."""
        try:
            return self._send(method, path, query, body)
        except ServiceRefusedError as error:
            if error.fault is not ServiceFault.CREDENTIALS or error.code != _INVALID_TOKEN:
                raise
        _TOKENS.forget(self._settings)
        return self._send(method, path, query, body)

    def _send(
        self, method: str, path: str, query: dict[str, str] | None, body: dict[str, Any] | None
    ) -> dict[str, Any]:
        headers = {
            "Authorization": f"Bearer {_TOKENS.get(self._settings)}",
            "Accept": "application/json",
        }
        data = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            data = json.dumps(body, ensure_ascii=False).encode()
        asked = f"?{urlencode(query)}" if query else ""
        return ask(
            Request(method, f"{self._settings.api_url}{path}{asked}", headers, data),
            self._settings.timeout,
        )


def _agenda(plan: MeetingPlan) -> str:
    """Return the mark by which a meeting of ours is known again; it tells nobody anything."""
    return f"tomoni:{plan.key}"


def _held_meeting(told: dict[str, Any]) -> HeldMeeting:
    number, address = told.get("id"), told.get("join_url")
    if not isinstance(number, int | str) or not isinstance(address, str):
        raise ServiceUnavailableError(ServiceFault.DOWN)
    return HeldMeeting(str(number), address, str(told.get("password") or ""))


def encode_uuid(uuid: str) -> str:
    """Return the id of one occurrence for an address.

    Zoom wants it encoded twice when it begins with `/` or holds `//`, else once.
    """
    once = quote(uuid, safe="")
    return quote(once, safe="") if uuid.startswith("/") or "//" in uuid else once


def report_from_zoom(meeting_id: str, title: str, people: list[dict[str, Any]]) -> AttendanceReport:
    """Return what participants of Zoom's report say, as an imported file would.

    `people` are the objects of "Get meeting participant reports", of all occurrences in order:
    name, user_email, registrant_id, join_time and leave_time (ISO 8601 in UTC), duration in
    seconds, status.
    """
    return read_report(zoom_report_file(meeting_id, title, people), zone="UTC")


def zoom_report_file(meeting_id: str, title: str, people: list[dict[str, Any]]) -> bytes:
    """Return the participants as the file that Zoom's own pages give (CSV, UTF-8, times in UTC).

    So what was fetched is kept, shown and matched as what was imported by hand. Who was only in
    the waiting room is marked as such and counts for nobody.
    """
    joined = [text for one in people if (text := _moment(one, "join_time"))]
    left = [text for one in people if (text := _moment(one, "leave_time"))]
    out = io.StringIO()
    write = csv.writer(out).writerow
    write(["Meeting ID", "Topic", "Start Time", "End Time"])
    write([meeting_id, title, min(joined, default=""), max(left, default="")])
    write([])
    write(_HEADINGS)
    for one in people:
        seconds = one.get("duration")
        write(
            [
                _text(one, "name"),
                _text(one, "user_email"),
                _text(one, "registrant_id"),
                _moment(one, "join_time"),
                _moment(one, "leave_time"),
                seconds // 60 if isinstance(seconds, int) and seconds >= 0 else "",
                "Yes" if _text(one, "status") == "in_waiting_room" else "No",
            ]
        )
    return out.getvalue().encode("utf-8-sig")


_HEADINGS = (
    "Name (Original Name)", "User Email", "Registrant ID", "Join Time", "Leave Time",
    "Duration (Minutes)", "In Waiting Room",
)  # fmt: skip


def _text(one: dict[str, Any], name: str) -> str:
    value = one.get(name)
    return " ".join(value.split()) if isinstance(value, str) else ""


def _moment(one: dict[str, Any], name: str) -> str:
    """Return a moment in UTC as the file writes it, '' for none and for what is none."""
    try:
        found = datetime.fromisoformat(_text(one, name))
    except ValueError:
        return ""
    aware = found if found.tzinfo is not None else found.replace(tzinfo=UTC)
    return aware.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def _objects(answer: dict[str, Any], name: str) -> list[dict[str, Any]]:
    found = answer.get(name)
    if not isinstance(found, list):
        raise ServiceUnavailableError(ServiceFault.DOWN)
    return [one for one in found if isinstance(one, dict)]
