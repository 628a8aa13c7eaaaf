"""The one place that asks what time it is."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

JST = ZoneInfo("Asia/Tokyo")


def now() -> datetime:
    """Return the present moment, aware, in UTC."""
    return datetime.now(UTC)


def to_ms(moment: datetime) -> int:
    """Return whole milliseconds since the epoch for an aware moment (rounded down)."""
    seconds = int(moment.timestamp() // 1)
    return seconds * 1000 + moment.microsecond // 1000


def from_ms(ms: int) -> datetime:
    """Return the aware UTC moment for milliseconds since the epoch."""
    return datetime.fromtimestamp(ms / 1000, UTC)


def day_in(moment: datetime, zone: ZoneInfo = JST) -> date:
    """Return the calendar day of a moment in a zone (Japan's unless told)."""
    return moment.astimezone(zone).date()
