"""Where one agreement stands, for the register."""

from enum import StrEnum
from typing import Final

from lms.rights.rules.facts import BEGINNING, END, Agreement, Lineage
from lms.rights.rules.scope import agreement_in_force

SOON_MS: Final = 60 * 24 * 3600 * 1000
"""From so long before its end on an agreement is shown as ending."""


class Standing(StrEnum):
    """Where an agreement stands at a moment."""

    REQUESTED = "requested"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    NOT_YET = "not_yet"
    IN_FORCE = "in_force"
    ENDING = "ending"
    EXPIRED = "expired"


def judge_standing(lineage: Lineage, agreement: Agreement, at: int) -> Standing:
    """Return where an agreement stands at `at` (ms UTC)."""
    if agreement.status == "refused":
        return Standing.REFUSED
    if not agreement_in_force(lineage, agreement, at):
        unsigned = agreement.signed > at
        return Standing.REQUESTED if unsigned else Standing.WITHDRAWN
    closes = max((grant.closes for grant in agreement.grants), default=BEGINNING)
    opens = min((grant.opens for grant in agreement.grants), default=END)
    if closes <= at:
        return Standing.EXPIRED
    if opens > at:
        return Standing.NOT_YET
    return Standing.ENDING if closes - at <= SOON_MS else Standing.IN_FORCE
