"""Words of parts that belong to others, of exceptions and of proposals."""

from collections.abc import Mapping
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from lms.infra.web.formats import format_length
from lms.kernel.errors import ForbiddenError, InvalidInputError, RefusedError
from lms.recordings.models import MediaKind, Recording
from lms.rights.errors import RightsRefusedError
from lms.rights.models import Segment, Takedown
from lms.rights.queries import OverrideState
from lms.rights.queries.segments import SegmentLine
from lms.rights.rules.contradictions import Contradiction
from lms.rights.rules.segments import Column
from lms.rights.texts.desk import actions_text

KINDS: Final[Mapping[str, Any]] = {
    "slide": _l("Slide, figure or photograph"),
    "music": _l("Music"),
    "face": _l("Person shown"),
    "quotation": _l("Quotation"),
    "performance": _l("Performance"),
    "unknown": _l("Not known yet"),
}

WAYS: Final[Mapping[str, Any]] = {
    "": _l("Not decided yet"),
    "ask": _l("Ask the rightsholder"),
    "exempt": _l("Needs nobody's agreement"),
    "cut": _l("Cut it out"),
    "replace": _l("Replace it"),
}

BASES: Final[Mapping[str, Any]] = {
    "quotation": _l("Quotation (Copyright Act, art. 32)"),
    "incidental": _l("Incidental item (art. 30-2)"),
    "statute": _l("Statutes, notices and judgments (art. 13)"),
    "own_work": _l("Own work of the federation"),
    "contract": _l("Contract (name it in the note)"),
    "other": _l("Other (say which in the note)"),
}

ON_DENY: Final[Mapping[str, Any]] = {
    "hide": _l("Leave the part out"),
    "mute": _l("Take its sound away"),
    "deny_recording": _l("Refuse the whole"),
}

COLUMNS: Final[Mapping[Column, Any]] = {
    Column.UNRESOLVED: _l("Unresolved"),
    Column.ASKED: _l("Asked for permission"),
    Column.EXEMPT: _l("Exempt"),
    Column.CUT: _l("Cut out"),
    Column.REPLACED: _l("Replaced"),
}

OVERRIDE_STATES: Final[Mapping[OverrideState, Any]] = {
    OverrideState.WAITING: _l("Waiting for approval"),
    OverrideState.COMING: _l("Not begun"),
    OverrideState.IN_FORCE: _l("In force"),
    OverrideState.OVER: _l("Ended"),
    OverrideState.REFUSED: _l("Refused"),
    OverrideState.ENDED: _l("Ended by hand"),
}

OVERRIDE_CHIPS: Final[Mapping[OverrideState, str]] = {
    OverrideState.WAITING: "wait",
    OverrideState.COMING: "soon",
    OverrideState.IN_FORCE: "done",
    OverrideState.OVER: "plain",
    OverrideState.REFUSED: "no",
    OverrideState.ENDED: "plain",
}

PROPOSAL_STATES: Final[Mapping[str, Any]] = {
    "waiting": _l("Waiting for approval"),
    "approved": _l("Approved"),
    "refused": _l("Sent back"),
    "dropped": _l("Taken back"),
}

CLASHES: Final[Mapping[Contradiction, Any]] = {
    Contradiction.PROHIBITED: _l(
        "%(one)s forbids what %(other)s grants. The prohibition holds: nobody can use it."
    ),
    Contradiction.WIDER_STANDS: _l(
        "%(other)s is later and narrower, but %(one)s still counts beside it, so the wider one "
        "holds. If the narrower is meant to replace it, take the earlier one back."
    ),
    Contradiction.REFUSED_LATER: _l(
        "%(other)s was refused, but %(one)s was signed before and still counts. "
        "If the refusal is meant to end it, take the earlier one back."
    ),
    Contradiction.NOTHING_COMMON: _l(
        "%(one)s and %(other)s allow nothing in common, so nobody can be allowed."
    ),
}

COPY_STATES: Final[Mapping[str, Any]] = {
    "making": _l("Being made"),
    "ready": _l("Ready"),
    "failed": _l("Could not be made"),
}

_REFUSALS: Final[Mapping[str, Any]] = {
    "second_approval": _l(
        "Publishing takes two people here. Propose the publication; somebody else approves it."
    ),
    "proposal_waiting": _l("A proposal is waiting already. Decide on it, or take it back, first."),
    "not_waiting": _l("This was decided already. Please load the page again."),
    "own_proposal": _l("Who proposed it cannot decide on it: this takes a second person."),
    "own_override": _l(
        "Neither who asked for an exception nor whom it is for can approve it: "
        "this takes another person."
    ),
    "override_over": _l("This exception is not in force, or its period has ended."),
    "segment_taken_down": _l("This part is taken down. Lift that first."),
    "segment_settled": _l("This part is not waiting to be cut or replaced."),
    "file_not_replaced": _l(
        "The file is still the one in which this part was marked. "
        "Send the new file first; until then the part stays hidden."
    ),
    "no_cuts": _l("Nothing is hidden from those for whom it is published: no cut copy is needed."),
}

_INVALID: Final[Mapping[str, Any]] = {
    "segment_range": _l("The end must lie after the start."),
    "segment_beyond": _l("This lies beyond the end."),
    "segments_too_many": _l("No more parts can be marked here."),
    "clock_unreadable": _l("Please write a time such as 12:34 or 1:02:03."),
    "pages_unreadable": _l("Please write pages such as 14 or 14-16."),
    "basis_missing": _l("Please choose why nobody's agreement is needed."),
    "basis_note_missing": _l("Please name the contract or the ground."),
    "split_outside": _l("The place must lie inside the part."),
    "override_person_unknown": _l("No one account has this sign-in ID or address."),
    "override_actions_missing": _l("Please tick at least one use."),
    "override_past": _l("The last day has passed."),
    "override_too_long": _l("An exception lasts a year at most."),
    "last_day_missing": _l("Please write the last day: an exception always ends."),
    "number_missing": _l("Please write the number of the decision."),
}


def segment_refusal_of(error: RefusedError | ForbiddenError | InvalidInputError) -> str | None:
    """Return the sentence for a refusal of these acts, or None."""
    if isinstance(error, RightsRefusedError) and error.code in _REFUSALS:
        return str(_REFUSALS[error.code])
    if isinstance(error, InvalidInputError) and error.code in _INVALID:
        return str(_INVALID[error.code])
    return None


def range_text(segment: Segment, recording: Recording) -> str:
    """Return where a part lies: from when to when, or which pages."""
    return span_text(recording, segment.a, segment.b)


def span_text(recording: Recording, a: int, b: int) -> str:
    """Return `[a, b)` of a recording (ms, or pages from 0) as people write it."""
    if recording.kind != MediaKind.PAPER:
        return f"{format_length(a)}\u2013{format_length(b)}"
    if b == a + 1:
        return str(_("Page %(number)s", number=a + 1))
    return str(_("Pages %(range)s", range=f"{a + 1}\u2013{b}"))


def name_text(segment: Segment, recording: Recording) -> str:
    """Return a part in a few words: where it lies, and what it is."""
    return f"{range_text(segment, recording)} {segment.title or KINDS[segment.kind]}"


def shown_text(line: SegmentLine) -> str:
    """Return in a word whether a part is seen."""
    if line.taken_down:
        return str(_("Taken down"))
    if line.shown:
        return str(_("Shown"))
    match line.segment.on_deny:
        case "deny_recording":
            return str(_("Stops the whole"))
        case "mute":
            return str(_("Without sound"))
        case _:
            return str(_("Hidden"))


def takedown_text(takedown: Takedown, segment: str) -> str:
    """Return what is taken down: a part (in words), some uses, or everything."""
    parts = []
    if takedown.segment_id is not None:
        parts.append(segment or str(_("A part that is not marked any more: the whole")))
    if takedown.actions:
        parts.append(actions_text(frozenset(takedown.actions)))
    return " · ".join(parts) or str(_("The whole"))
