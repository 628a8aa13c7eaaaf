"""Reads of flagged pages."""

from collections.abc import Collection, Mapping

from sqlalchemy import select

from lms.infra.db import db
from lms.recordings.models import ChannelFlag
from lms.recordings.rules import Channel, PageFlag


def list_flags(recording_id: str) -> list[ChannelFlag]:
    """Return the flags of a paper in the order of its pages."""
    return list_flags_of([recording_id])[recording_id]


def list_flags_of(recording_ids: Collection[str]) -> Mapping[str, list[ChannelFlag]]:
    """Return the flags of papers in the order of their pages, in one query."""
    found: dict[str, list[ChannelFlag]] = {key: [] for key in recording_ids}
    if not found:
        return found
    rows = db.session.scalars(
        select(ChannelFlag)
        .where(ChannelFlag.recording_id.in_(found))
        .order_by(ChannelFlag.first_page, ChannelFlag.last_page, ChannelFlag.id)
    )
    for row in rows:
        found[row.recording_id].append(row)
    return found


def page_flag(flag: ChannelFlag) -> PageFlag:
    """Return a flag as the rules read it."""
    return PageFlag(flag.first_page, flag.last_page, barred_by(flag), flag.note)


def barred_by(flag: ChannelFlag) -> frozenset[Channel]:
    """Return the channels through which a flag lets nothing go."""
    allowed = {
        Channel.ROOM: flag.room,
        Channel.LIVE: flag.live,
        Channel.LATER: flag.later,
        Channel.DOWNLOAD: flag.download,
    }
    return frozenset(channel for channel, open_ in allowed.items() if not open_)
