"""Reading and writing the site's settings."""

import time
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Any

from lms.infra.db import db
from lms.infra.site.models import SiteRow
from lms.kernel.localized import Localized

_CACHE_SECONDS = 5.0  # another process's change is seen after this long


def _default_levels() -> dict[str, Localized]:
    from lms.infra.i18n import N_, translate  # noqa: PLC0415 - the catalogue is read here only

    words = {
        "hq": N_("Headquarters"),
        "industrial": N_("Industrial union"),
        "affiliate": N_("Affiliated union"),
        "branch": N_("Branch"),
        "outside": N_("Outside"),
    }
    return {level: {"ja": translate("ja", word), "en": word} for level, word in words.items()}


@dataclass(frozen=True, slots=True)
class SiteSettings:
    """What the federation sets in the browser.

    `accent_hex` is `#rrggbb`; `fiscal_year_start` a month from 1 to 12; `levels` the words for
    hq, industrial, affiliate, branch and outside; `logo_key` a key in storage.
    `second_approval`: to publish a recording takes two people. `retention` days by kind of record
    (see `lms.infra.retention`), 0 = for ever.
    """

    name: Localized = field(default_factory=lambda: {"ja": "Tomoni", "en": "Tomoni"})
    accent_hex: str = "#21406b"
    logo_key: str = ""
    issuer: Localized = field(default_factory=dict)
    issuer_title: Localized = field(default_factory=dict)
    levels: dict[str, Localized] = field(default_factory=_default_levels)
    fiscal_year_start: int = 9
    contact: str = ""
    second_approval: bool = False
    retention: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class _Cache:
    site: SiteSettings | None = None
    until: float = 0.0


_cache = _Cache()


def read_site() -> SiteSettings:
    """Return the settings; read at most once in five seconds a process."""
    if _cache.site is None or time.monotonic() > _cache.until:
        row = db.session.get(SiteRow, 1)
        known = {f.name for f in fields(SiteSettings)}
        values: dict[str, Any] = row.values if row is not None else {}
        _cache.site = SiteSettings(**{k: v for k, v in values.items() if k in known})
        _cache.until = time.monotonic() + _CACHE_SECONDS
    return _cache.site


def write_site(site: SiteSettings, *, at: datetime) -> None:
    """Write the settings in the current transaction."""
    row = db.session.get(SiteRow, 1)
    if row is None:
        db.session.add(SiteRow(id=1, values=asdict(site), updated_at=at))
    else:
        row.values = asdict(site)
        row.updated_at = at
    forget_site()


def forget_site() -> None:
    """Read again next time."""
    _cache.site = None
