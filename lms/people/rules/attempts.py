"""When too many attempts have been made."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `attempts` within any `window`."""

    attempts: int
    window: timedelta


def judge_attempts(made_at: Sequence[datetime], limit: Limit, at: datetime) -> datetime | None:
    """Return None when another attempt may be made at `at`, else the moment when it may."""
    recent = sorted(moment for moment in made_at if moment > at - limit.window)
    if len(recent) < limit.attempts:
        return None
    return recent[-limit.attempts] + limit.window
