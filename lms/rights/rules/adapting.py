"""What rightsholders let be made of their work, beside showing it: each is asked on its own.

Captions, translation and transcript are adaptations (Copyright Act art. 27, 28), cuts touch the
integrity of a work (art. 20). A form answers each item by item; an agreement that was entered
without a form says nothing of them, and then nothing is refused here.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from lms.rights.rules.consent import ConsentTerms

MAKINGS: Final = ("captions", "translation", "transcript", "trim", "cut")
"""What the product itself can make or show of a recording."""


@dataclass(frozen=True, slots=True)
class SignedTerms:
    """The signed form of one lineage; of two signed on one day the greater id is the later."""

    lineage: str
    signed_at: datetime
    terms: ConsentTerms
    id: str = ""


def sum_up_makings(signed: Iterable[SignedTerms], day: date) -> frozenset[str]:
    """Return which of MAKINGS every rightsholder who answered a form allows on a day in Japan.

    Of a lineage the answer counts in whose period the day falls, of several the one signed last;
    where it falls in none, the one signed last of all.
    """
    lineages: dict[str, list[SignedTerms]] = defaultdict(list)
    for one in signed:
        lineages[one.lineage].append(one)
    allowed = frozenset(MAKINGS)
    for several in lineages.values():
        said = max(several, key=lambda one: (_holds(one.terms, day), one.signed_at, one.id))
        allowed &= _makings(said.terms)
    return allowed


def making_of(spoken: str, language: str) -> str:
    """Return what words in `language` are beside a talk in `spoken` (BCP 47 tags)."""
    return "captions" if _primary(spoken) == _primary(language) else "translation"


def is_readable(allowed: frozenset[str], spoken: str, language: str) -> bool:
    """Whether words in a language may be read as a transcript, and searched."""
    return "transcript" in allowed and (
        making_of(spoken, language) == "captions" or "translation" in allowed
    )


def _primary(tag: str) -> str:
    return tag.lower().split("-")[0]


def _holds(terms: ConsentTerms, day: date) -> bool:
    return (terms.first_on is None or terms.first_on <= day) and (
        terms.last_on is None or day <= terms.last_on
    )


def _makings(terms: ConsentTerms) -> frozenset[str]:
    ticked = (name for name in ("captions", "translation", "transcript") if getattr(terms, name))
    return frozenset(ticked) | (terms.edits & {"trim", "cut"})
