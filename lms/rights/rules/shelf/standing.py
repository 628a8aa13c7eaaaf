"""Where an item of the backlog stands with its rightsholders."""

from collections.abc import Iterable
from enum import StrEnum


class ItemState(StrEnum):
    """What one rightsholder has answered about one item."""

    NOT_ASKED = "not_asked"
    ASKED = "asked"
    YES = "yes"
    NARROWER = "narrower"
    NO = "no"
    NOT_FOUND = "not_found"
    NOT_MINE = "not_mine"
    WITHDRAWN = "withdrawn"


_ANSWERED = {ItemState.YES, ItemState.NARROWER}


def judge_item(
    *, status: str | None, outcome: str, asked: bool, withdrawn: bool
) -> ItemState:  # fmt: skip
    """Return the state of an item from its agreement: `status` None where there is none.

    `asked`: a letter about it went out. `withdrawn`: taken back for all actions.
    """
    if status is None:
        return ItemState.NOT_ASKED
    if status == "refused":
        return ItemState.NO
    if status == "signed":
        if withdrawn:
            return ItemState.WITHDRAWN
        return ItemState.NARROWER if outcome == "narrower" else ItemState.YES
    if outcome in {ItemState.NOT_FOUND, ItemState.NOT_MINE}:
        return ItemState(outcome)
    return ItemState.ASKED if asked else ItemState.NOT_ASKED


def needs_answer(states: Iterable[tuple[str, ItemState]], required: str) -> bool:
    """Whether nobody whose consent is required has agreed yet; `states` are (kind, state)."""
    return not any(kind == required and state in _ANSWERED for kind, state in states)
