"""Channels and cues in words."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from lms.recordings.rules import Channel, SlideCue

CHANNEL_NAMES: Final[Mapping[Channel, Any]] = {
    Channel.ROOM: _l("Room"),
    Channel.LIVE: _l("Live stream"),
    Channel.LATER: _l("Later, on this site and in the recording"),
    Channel.DOWNLOAD: _l("Taken away: file and print"),
}

_STOP: Final[Mapping[Channel, Any]] = {
    Channel.ROOM: _l("do not show it in the room: blank the screen"),
    Channel.LIVE: _l("stop sharing in the live stream"),
    Channel.LATER: _l("not in the recording: pause the recording"),
    Channel.DOWNLOAD: _l("not in the file that is given out"),
}

_RESUME: Final[Mapping[Channel, Any]] = {
    Channel.ROOM: _l("show in the room again"),
    Channel.LIVE: _l("share in the live stream again"),
    Channel.LATER: _l("go on with the recording"),
    Channel.DOWNLOAD: _l("in the file that is given out again"),
}

_CLOSED: Final[Mapping[Channel, Any]] = {
    Channel.ROOM: _l("No agreement allows showing it to people in a room."),
    Channel.LIVE: _l("No agreement allows streaming it live: do not share it in the stream."),
    Channel.LATER: _l("No agreement allows reading or playing it later on this site."),
    Channel.DOWNLOAD: _l("No agreement allows downloading or printing it."),
}


def channel_name(channel: Channel) -> str:
    """Return what a channel is called."""
    return str(CHANNEL_NAMES[channel])


def closed_text(channel: Channel) -> str:
    """Say that no agreement opens a channel."""
    return str(_CLOSED[channel])


def pages_text(first: int, last: int) -> str:
    """Return pages in words: one, or from which to which."""
    if first == last:
        return str(_("Slide %(number)s", number=first))
    return str(_("Slides %(first)s to %(last)s", first=first, last=last))


def cue_text(cue: SlideCue) -> str:
    """Return what to do at a slide: what to stop first, then what to take up again."""
    done = [str(_STOP[one]) for one in cue.stop] + [str(_RESUME[one]) for one in cue.resume]
    return str(_("; ")).join(done)


def cue_head(cue: SlideCue) -> str:
    """Return the slides of a cue; where all channels are open again, only the first."""
    if cue.barred:
        return pages_text(cue.first, cue.last)
    return str(_("From slide %(number)s", number=cue.first))


def barred_text(barred: Iterable[Channel]) -> str:
    """Return channels in words, in the order of the list."""
    closed = set(barred)
    return str(_(", ")).join(channel_name(one) for one in Channel if one in closed)
