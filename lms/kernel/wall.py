"""Scheduled local times: a wall-clock time plus an IANA zone, from which the instant follows."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from zoneinfo import TZPATH, ZoneInfo, available_timezones


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

    @classmethod
    def of(cls, moment: datetime, zone: str) -> "WallTime":
        """Return what the clocks of a known zone show at an aware moment."""
        return cls(moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None), zone)

    def shifted(self, delta: timedelta) -> "WallTime":
        """Return the wall-clock time moved by `delta`, zone kept."""
        return WallTime(self.local + delta, self.zone)


def shift_moment(moment: datetime, zone: str, delta: timedelta) -> datetime:
    """Return the moment at which clocks of a known zone show the same time, `delta` later.

    Where a clock change takes that time away, the next full hours are tried.
    """
    wall = WallTime.of(moment, zone).shifted(delta)
    for late in range(3):
        try:
            return wall.shifted(timedelta(hours=late)).instant()
        except WallTimeError:
            continue
    return moment + delta


_ZONES: frozenset[str] = frozenset()


def is_zone(name: str) -> bool:
    """Whether `name` is an IANA zone that this machine knows."""
    global _ZONES  # noqa: PLW0603 - listing the zones reads hundreds of files: once
    if not _ZONES:
        _ZONES = frozenset(available_timezones())
    return name in _ZONES


_RULES: dict[str, str] = {}


def zone_rules_version() -> str:
    """Return the version of the rules of time zones in use, such as 2026a; '' if nothing tells.

    The machine's own rules come first, as in `zoneinfo`, then those of the package `tzdata`.
    """
    if "version" not in _RULES:
        _RULES["version"] = _read_rules_version()
    return _RULES["version"]


def _read_rules_version() -> str:
    for folder in TZPATH:
        if not Path(folder, "Asia", "Tokyo").exists():
            continue
        for name in ("tzdata.zi", "+VERSION"):
            try:
                with Path(folder, name).open(encoding="ascii") as told:
                    first = told.readline().removeprefix("# version").strip()
            except (OSError, UnicodeDecodeError):
                continue
            if first:
                return first[:20]
        return ""
    try:
        return str(import_module("tzdata").IANA_VERSION)[:20]
    except (ImportError, AttributeError):
        return ""


def is_repeated(local: datetime, zone: str) -> bool:
    """Whether a wall-clock time comes twice in a known zone, as when clocks are set back."""
    place = ZoneInfo(zone)
    first, second = (local.replace(tzinfo=place, fold=fold).utcoffset() for fold in (0, 1))
    return first is not None and second is not None and first > second
