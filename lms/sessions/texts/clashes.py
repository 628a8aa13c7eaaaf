"""What stands in the way of a meeting, as sentences."""

from datetime import datetime
from typing import Any, assert_never

from babel import Locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from lms.infra.web.locale import ui_language
from lms.kernel.localized import pick
from lms.kernel.wall import is_repeated, is_zone
from lms.sessions.rules.clashes import Clash, ClashKind

SEASONS: dict[str, Any] = {
    "new_year": _l("the days around New Year"),
    "golden_week": _l("the holidays at the beginning of May"),
    "obon": _l("the days of Obon"),
}


def country_name(country: str) -> str:
    """Return a country by its name in the reader's language."""
    return str(Locale.parse(ui_language(), sep="-").territories.get(country, country))


def clash_text(clash: Clash) -> str:
    """Return what stands in the way, in one sentence."""
    match clash.kind:
        case (
            ClashKind.EDITION
            | ClashKind.SPEAKER
            | ClashKind.ATTENDS
            | ClashKind.HOST
            | ClashKind.ROOM
            | ClashKind.PARTICIPANTS
        ):
            return _other_session(clash)
        case ClashKind.HOLIDAY:
            return _holiday(clash)
        case ClashKind.SEASON:
            country = country_name(clash.country)
            return str(_("%(country)s: %(season)s.", country=country, season=SEASONS[clash.what]))
        case ClashKind.FRIDAY_PRAYER:
            return str(
                ngettext(
                    "Friday prayer in %(country)s (roughly 12:00\u201314:30 there): "
                    "%(num)s person takes part from there.",
                    "Friday prayer in %(country)s (roughly 12:00\u201314:30 there): "
                    "%(num)s people take part from there.",
                    clash.count,
                    country=country_name(clash.country),
                )
            )
        case _:
            assert_never(clash.kind)


def _other_session(clash: Clash) -> str:
    title = _("another course")
    if clash.title is not None:
        title = pick(clash.title, ui_language()).text
    names = _(", ").join(clash.names)
    if clash.kind is ClashKind.PARTICIPANTS:
        return _double_booked(clash, title, names)
    sentences = {
        ClashKind.EDITION: _(
            "Another session of this edition is held then: %(title)s.", title=title
        ),
        ClashKind.SPEAKER: _(
            "%(names)s is needed at the same time by: %(title)s.", names=names, title=title
        ),
        ClashKind.ATTENDS: _(
            "%(names)s, who is needed here, takes part at the same time in: %(title)s.",
            names=names,
            title=title,
        ),
        ClashKind.HOST: _(
            "The host of the meeting, %(names)s, is needed at the same time by: %(title)s.",
            names=names,
            title=title,
        ),
        ClashKind.ROOM: _("The room is taken at the same time by: %(title)s.", title=title),
    }
    return str(sentences[clash.kind])


def _double_booked(clash: Clash, title: str, names: str) -> str:
    told = ngettext(
        "%(num)s person of this edition takes part at the same time in: %(title)s.",
        "%(num)s people of this edition take part at the same time in: %(title)s.",
        clash.count,
        title=title,
    )
    more = clash.count - len(clash.names)
    if not names:
        return str(told)
    if more:
        names = _("%(names)s and %(number)s more", names=names, number=more)
    return str(_("%(sentence)s (%(names)s)", sentence=told, names=names))


def _holiday(clash: Clash) -> str:
    country = country_name(clash.country)
    if clash.regions:
        country = _("%(country)s (%(regions)s)", country=country,
                    regions=_(", ").join(clash.regions))  # fmt: skip
    if not clash.count:
        return str(_("Public holiday in %(country)s: %(name)s.", country=country, name=clash.what))
    return str(
        ngettext(
            "Public holiday in %(country)s: %(name)s. %(num)s person takes part from there.",
            "Public holiday in %(country)s: %(name)s. %(num)s people take part from there.",
            clash.count,
            country=country,
            name=clash.what,
        )
    )


def repeated_note(starts_local: datetime, ends_local: datetime, zone: str) -> str:
    """Return which of two moments is meant when clocks are set back over a time; else ''."""
    if not is_zone(zone):
        return ""
    for local in (starts_local, ends_local):
        if is_repeated(local, zone):
            return str(
                _(
                    "%(time)s comes twice that night in %(zone)s, because the clocks are set "
                    "back. The first of the two is meant.",
                    time=f"{local:%H:%M}",
                    zone=zone,
                )
            )
    return ""
