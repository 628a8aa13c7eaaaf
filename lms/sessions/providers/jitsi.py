"""Jitsi: rooms that open to a signed token, made for one person at the press.

The claims are those of Jitsi's token plugin for Prosody (`tokens.md` of lib-jitsi-meet) and of
Jitsi as a Service: `iss` the application, `aud` who is meant, `sub` the domain or tenant, `room`
the one room, `nbf` and `exp` the window, `context.user` how the person shows. In `context.user`
only texts are understood, so that the flag of the moderator is the text `true` or `false`.
"""

from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

import jwt

from lms.config import JitsiSettings
from lms.sessions.providers.interface import Guest, HeldMeeting, MeetingPlan


class Jitsi:
    """Rooms on one Jitsi server. Nothing is asked of it: a room is there when someone comes."""

    name = "jitsi"

    def __init__(self, settings: JitsiSettings):
        self._settings = settings

    def create_meeting(self, plan: MeetingPlan) -> HeldMeeting:
        """Return a room with a name that nobody guesses."""
        room = f"tomoni-{plan.key.lower()}"
        return HeldMeeting(room, self._address(room))

    def find_meeting(self, plan: MeetingPlan) -> None:
        """Return None: a room is its name, so that making it again is the same room."""

    def update_meeting(self, meeting_id: str, plan: MeetingPlan) -> None:
        """Do nothing: times stand in the tokens."""

    def delete_meeting(self, meeting_id: str) -> None:
        """Do nothing: without tokens nobody comes in."""

    def register(self, meeting_id: str, guest: Guest) -> None:
        """Return None: the way in is made at the press."""
        del meeting_id, guest

    def cancel_registration(self, meeting_id: str, registrant_id: str, address: str) -> None:
        """Do nothing: tokens run out by themselves."""

    def personal_url(
        self, meeting_id: str, guest: Guest, *, opens_at: datetime, closes_at: datetime
    ) -> str:
        """Return the room's address with a token for this guest, for the window of joining."""
        given = self._settings
        claims: dict[str, Any] = {
            "iss": given.app_id,
            "aud": given.audience,
            "sub": given.subject,
            "room": meeting_id,
            "nbf": int(opens_at.timestamp()),
            "exp": int(closes_at.timestamp()),
            "context": {
                "user": {
                    "id": guest.id,
                    "name": guest.name,
                    "moderator": "true" if guest.moderates else "false",
                    "affiliation": "owner" if guest.moderates else "member",
                }
            },
        }
        headers = {"kid": given.key_id} if given.key_id else None
        algorithm = "RS256" if given.private_key else "HS256"
        token = jwt.encode(
            claims, given.private_key or given.secret, algorithm=algorithm, headers=headers
        )
        return f"{self._address(meeting_id)}?{urlencode({'jwt': token})}"

    def fetch_attendance(self, meeting_id: str, title: str) -> None:
        """Return None: the server keeps no report."""

    def _address(self, room: str) -> str:
        return f"{self._settings.base_url}/{quote(room, safe='')}"
