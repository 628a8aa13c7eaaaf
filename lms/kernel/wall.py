"""Scheduled local times: a wall-clock time plus an IANA zone, from which the instant follows."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo, available_timezones


class WallFault(StrEnum):
    """Why a wall-clock time names no single instant."""

    UNKNOWN_ZONE = "unknown_zone"
    DOES_NOT_EXIST = "does_not_exist"


class WallTimeError(ValueError):
    """A wall-clock time that no instant answers to."""

    def __init__(self, fault: WallFault):
        super().__init__(fault.value)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class WallTime:
    """A naive local date and time in the named IANA zone."""

    local: datetime
    zone: str

    def instant(self) -> datetime:
        """Return the aware UTC moment; of two (clocks set back) the first.

        Raises WallTimeError when the zone is unknown or the time is skipped by a clock change.
        """
        if not is_zone(self.zone):
            raise WallTimeError(WallFault.UNKNOWN_ZONE)
        zone = ZoneInfo(self.zone)
        moment = self.local.replace(tzinfo=zone, fold=0).astimezone(UTC)
        if moment.astimezone(zone).replace(tzinfo=None) != self.local:
            raise WallTimeError(WallFault.DOES_NOT_EXIST)
        return moment

    def shifted(self, delta: timedelta) -> "WallTime":
        """Return the wall-clock time moved by `delta`, zone kept."""
        return WallTime(self.local + delta, self.zone)


_ZONES: frozenset[str] = frozenset()


def is_zone(name: str) -> bool:
    """Whether `name` is an IANA zone that this machine knows."""
    global _ZONES  # noqa: PLW0603 - listing the zones reads hundreds of files: once
    if not _ZONES:
        _ZONES = frozenset(available_timezones())
    return name in _ZONES
