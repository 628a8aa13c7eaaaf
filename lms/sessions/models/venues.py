"""Tables of venues: places that are used again, with their rooms."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from lms.infra.db import Model, WithId


class Venue(WithId, Model):
    """A place that organisers pick from. A session copies what it says and stays as it was told.

    `version` grows with every edit, so that none overwrites another unseen.
    """

    __tablename__ = "venue"

    name: Mapped[dict[str, str]]
    address: Mapped[dict[str, str]]
    access: Mapped[dict[str, str]]
    map_url: Mapped[str] = mapped_column(String(500), default="")
    archived_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)


class VenueRoom(WithId, Model):
    """A room of a venue. `seats` None: not known."""

    __tablename__ = "venue_room"
    __table_args__ = (CheckConstraint("seats is null or seats > 0", name="seats_positive"),)

    venue_id: Mapped[str] = mapped_column(ForeignKey("venue.id"), index=True)
    name: Mapped[dict[str, str]]
    seats: Mapped[int | None]
    position: Mapped[int] = mapped_column(default=0)
