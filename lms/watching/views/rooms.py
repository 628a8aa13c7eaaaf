"""Who sits in a room in which a paper is shown, as the presenter states it."""

from typing import Any, Final

from flask import request

from lms.infra.web.locale import ui_language
from lms.rights.rules import Reach
from lms.watching.texts import room_text

#: Who may sit in a room, the narrowest first.
ROOMS: Final = tuple(reach.name.lower() for reach in Reach)
#: What is refused in the narrowest is refused in all; nothing stated counts as the widest.
NARROWEST: Final = ROOMS[0]
WIDEST: Final = ROOMS[-1]


def stated_room() -> str | None:
    """Return the room stated in the address, None where none was, `outside` for nonsense."""
    room = request.args.get("room")
    if room is None:
        return None
    return room if room in ROOMS else WIDEST


def room_request(room: str) -> dict[str, Any]:
    """Return what a request to show a paper in a room says besides the action."""
    return {"channel": "venue", "audience_reach": Reach[room.upper()]}


def room_choices() -> list[tuple[str, str]]:
    """Return the rooms with what they are called."""
    return [(room, room_text(Reach[room.upper()], ui_language())) for room in ROOMS]
