"""R4 to R8: whether a rightsholder, with all renewals and withdrawals, permits."""

from collections.abc import Iterable
from typing import TypeAlias

from lms.rights.rules.codes import PRIORITY, Code
from lms.rights.rules.conditions import (
    PUB_CODES,
    RIGHTS_CODES,
    Miss,
    Moment,
    depth,
    first_miss,
    prohibits,
)
from lms.rights.rules.facts import BEGINNING, Action, Agreement, Lineage, Terms, Withdrawal

Verdict: TypeAlias = Terms | Code
"""The grant that permits, or the reason why none does."""


def judge_lineage(lineage: Lineage, moment: Moment) -> Verdict:
    """Decide for one lineage: the best permitting grant or one reason (R5, R6, R8)."""
    ended_by = last_withdrawal(lineage, moment) if lineage.withdrawals else BEGINNING
    in_force = [one for one in lineage.agreements if ended_by < one.signed <= moment.at]
    if not in_force:
        return _nothing_in_force(lineage, ended_by)
    against = [
        reason
        for agreement in in_force
        for prohibition in agreement.prohibitions
        if (reason := prohibits(prohibition, moment)) is not None
    ]
    if against:
        return min(against, key=PRIORITY.__getitem__)
    chosen = _choose([grant for one in in_force for grant in one.grants], moment)
    if isinstance(chosen, Terms):
        return chosen
    return Code.RIGHTS_ACTION if chosen is None else RIGHTS_CODES[chosen]


def judge_publications(publications: tuple[Terms, ...], moment: Moment) -> Verdict:
    """Choose among the publications, which are alternatives like the grants of R5 (R14)."""
    chosen = _choose(publications, moment)
    if isinstance(chosen, Terms):
        return chosen
    return Code.NOT_PUBLISHED if chosen is None else PUB_CODES[chosen]


def _choose(alternatives: Iterable[Terms], moment: Moment) -> Terms | Miss | None:
    """Return the permitting one with the fewest obligations, else the nearest miss.

    They come lowest id first, so that the first of equals is the one to take. None: there is
    no alternative at all.
    """
    best: Terms | None = None
    nearest: Miss | None = None
    for terms in alternatives:
        miss = first_miss(terms, moment)
        if miss is None:
            if best is None or len(terms.obligations) < len(best.obligations):
                best = terms
        elif nearest is None or depth(miss) > depth(nearest):
            nearest = miss
    return nearest if best is None else best


def last_withdrawal(lineage: Lineage, moment: Moment) -> int:
    """Return the latest withdrawal in effect for the action asked for, else BEGINNING (R6)."""
    last = BEGINNING
    for withdrawal in lineage.withdrawals:
        if (
            last < withdrawal.at <= moment.at
            and (withdrawal.actions is None or moment.action in withdrawal.actions)
            and not _in_grace(withdrawal, moment)
        ):
            last = withdrawal.at
    return last


def judge_speaker_for_preview(lineage: Lineage, moment: Moment) -> set[Code]:
    """Return what stands against a preview by staff (R16): none of it asks for a licence.

    Taking back the playing takes back the preview too, which is a playing.
    """
    reasons: set[Code] = set()
    ended_by = BEGINNING
    for withdrawal in lineage.withdrawals:
        if withdrawal.at <= moment.at and (
            withdrawal.actions is None
            or not withdrawal.actions.isdisjoint((Action.PREVIEW, Action.PLAY))
        ):
            ended_by = max(ended_by, withdrawal.at)
    if not any(ended_by < agreement.signed <= moment.at for agreement in lineage.agreements):
        reason = _nothing_in_force(lineage, ended_by)
        if reason is not Code.RIGHTS_UNSIGNED:
            reasons.add(reason)
    if not any(_may_be_recorded(agreement, moment.at) for agreement in lineage.agreements):
        reasons.add(Code.NO_RECORDING_CONSENT)
    return reasons


def _may_be_recorded(agreement: Agreement, at: int) -> bool:
    consent = agreement.recording_consent_at
    return consent is not None and consent <= at


def _in_grace(withdrawal: Withdrawal, moment: Moment) -> bool:
    """Whether a play that had begun before the withdrawal may still run on (R7)."""
    return (
        moment.session_started is not None
        and moment.action == Action.PLAY
        and moment.session_started < withdrawal.at
        and moment.at < withdrawal.at + withdrawal.grace
    )


def _nothing_in_force(lineage: Lineage, ended_by: int) -> Code:
    """Name the reason: what was signed after the last withdrawal would be in force."""
    if ended_by > BEGINNING:
        return Code.RIGHTS_WITHDRAWN
    if any(agreement.status == "refused" for agreement in lineage.agreements):
        return Code.RIGHTS_REFUSED
    return Code.RIGHTS_UNSIGNED
