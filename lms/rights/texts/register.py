"""Words of the register, the calendar, the evidence and closing."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from lms.infra.web.formats import format_bytes
from lms.kernel.dates import format_day
from lms.recordings.models import Recording
from lms.rights.models import Segment
from lms.rights.queries.register import Copies, Show
from lms.rights.texts.segments import KINDS, range_text

SHOWS: Final[Mapping[Show, Any]] = {
    Show.ALL: _l("Every agreement"),
    Show.EXPIRING: _l("Ends within 60 days"),
    Show.UNSIGNED: _l("Recorded but unsigned"),
    Show.EXCEEDS: _l("Publication exceeds the rights"),
    Show.UNRESOLVED: _l("Segments to be resolved"),
    Show.FOREIGN: _l("Viewers abroad under a limited territory"),
}

BASES: Final[Mapping[str, Any]] = {
    "form": _l("Entered by the desk"),
    "link": _l("Consent form by link"),
    "paper": _l("Paper form"),
    "contract": _l("Contract"),
    "quotation": _l("Quotation"),
    "incidental": _l("Incidental item"),
    "statute": _l("Statutes and the like"),
    "own_work": _l("Own work"),
    "other": _l("Other basis"),
}

DISPOSITIONS: Final[Mapping[str, Any]] = {
    "needs_agreement": _l("needs an agreement"),
    "unresolved": _l("not resolved"),
    "exempt": _l("exempt"),
    "removed": _l("removed"),
}

#: Which article of the Copyright Act a use touches, as far as the product knows it.
_ARTICLES: Final[Mapping[str, str]] = {
    "play": "23(1)",
    "display": "23(1)",
    "live": "23(1)",
    "guest_link": "23(1)",
    "download": "23(1)",
    "screen": "22-2, 23(2)",
}

_BASIS_ARTICLES: Final[Mapping[str, str]] = {
    "quotation": "32",
    "incidental": "30-2",
    "statute": "13",
}

REMINDER_KINDS: Final[Mapping[str, Any]] = {
    "rights": _l("rights desk"),
    "publication": _l("rights desk"),
    "viewers": _l("viewers"),
    "renewal": _l("rightsholder"),
}


def article_text(kind: str, basis: str, actions: Iterable[str] | None) -> str:
    """Return the articles beside an agreement or a basis; "ask" where it is unclear.

    `actions` None = all uses.
    """
    if basis in _BASIS_ARTICLES:
        return str(_("Copyright Act, art. %(articles)s", articles=_BASIS_ARTICLES[basis]))
    if kind == "person_shown":
        return str(_("Portrait: case law, no article. Ask."))
    if kind == "music":
        return str(_("Streaming and download are different procedures for music. Ask."))
    if kind in {"performer", "interpreter"}:
        return str(_("Rights of performers and of translations (art. 27, 28). Ask."))
    uses = sorted(_ARTICLES) if actions is None else sorted(actions)
    known = sorted({article for use in uses for article in _ARTICLES.get(use, "").split(", ")})
    articles = ", ".join(article for article in known if article)
    unclear = any(use not in _ARTICLES for use in uses)
    parts = []
    if articles:
        parts.append(
            str(_("Copyright Act, art. %(articles)s; licence: art. 63(2)", articles=articles))
        )
    if unclear or not articles:
        parts.append(str(_("Other uses: ask.")) if articles else str(_("Ask.")))
    return " ".join(parts)


def basis_text(basis: str) -> str:
    """Return what an agreement rests on."""
    return str(BASES.get(basis, basis))


def segment_text(segment: Segment, recording: Recording) -> str:
    """Return a segment in one line: where, what, how it is cleared."""
    words = [range_text(segment, recording), str(KINDS.get(segment.kind, segment.kind))]
    if segment.title:
        words.append(segment.title)
    words.append(str(DISPOSITIONS.get(segment.disposition, segment.disposition)))
    if segment.basis:
        words.append(basis_text(segment.basis))
        if segment.basis in _BASIS_ARTICLES:
            words.append(article_text("", segment.basis, ()))
    return " · ".join(words)


def copies_texts(copies: Copies) -> list[str]:
    """Return where copies exist, one line each."""
    found = []
    if copies.name:
        size = format_bytes(copies.size or 0)
        found.append(str(_("This store: %(name)s (%(size)s)", name=copies.name, size=size)))
    if copies.renditions:
        found.append(str(ngettext("%(num)s rendition", "%(num)s renditions", copies.renditions)))
    if copies.cut_copies:
        found.append(str(_("A copy to take away, with cuts")))
    if copies.shelf:
        found.append(str(_("Shelf: %(place)s", place=copies.shelf)))
    if copies.address:
        found.append(str(_("Elsewhere: %(address)s", address=copies.address)))
    return found


def reminder_text(kind: str, days: int, due_on: Any, language: str) -> str:
    """Return one reminder that went out."""
    who = str(REMINDER_KINDS.get(kind, kind))
    day = format_day(due_on, language)
    return str(
        ngettext(
            "%(who)s, %(num)s day before %(day)s",
            "%(who)s, %(num)s days before %(day)s",
            days,
            who=who,
            day=day,
        )
    )
