"""The answer of the decision, and what of it a viewer may be told."""

from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, TypeAlias

from lms.kernel.intervals import Intervals
from lms.rights.rules.codes import NEUTRAL, VIEWER_VERBS, Code, Outcome, Verb

Json: TypeAlias = dict[str, Any]


class Change(NamedTuple):
    """What would change a refusal: a verb and a detail (for `wait_until` a time in ms UTC)."""

    verb: Verb
    detail: str | int | None = None


@dataclass(frozen=True, slots=True)
class Obligations:
    """What must be done while the permission is used.

    `attribution` is sorted and unique; `hide` and `mute` are ranges of the uncut recording in
    ms; `use_rendition` is `cut` when only the cut copy may be handed out. `override_refused`
    stands on a denial only.
    """

    watermark: bool = False
    stream_only: bool = False
    audit: bool = False
    attribution: tuple[str, ...] = ()
    hide: Intervals = ()
    mute: Intervals = ()
    use_rendition: str | None = None
    override_refused: bool = False

    def to_json(self) -> Json:
        """Return the case format: what does not hold is left out."""
        pairs: tuple[tuple[str, object], ...] = (
            ("watermark", self.watermark),
            ("stream_only", self.stream_only),
            ("audit", self.audit),
            ("attribution", list(self.attribution)),
            ("hide", [list(pair) for pair in self.hide]),
            ("mute", [list(pair) for pair in self.mute]),
            ("use_rendition", self.use_rendition),
            ("override_refused", self.override_refused),
        )
        return {name: value for name, value in pairs if value}


NO_OBLIGATIONS: Final = Obligations()


@dataclass(frozen=True, slots=True)
class Decision:
    """Allow or deny, with every reason (for staff). `lease_until` in ms UTC, None on a denial."""

    outcome: Outcome
    code: Code
    reasons: tuple[Code, ...] = ()
    obligations: Obligations = NO_OBLIGATIONS
    lease_until: int | None = None
    change: tuple[Change, ...] = ()

    @property
    def allowed(self) -> bool:
        """Whether the viewer may go on, with or without obligations."""
        return self.outcome is not Outcome.DENY

    def to_json(self) -> Json:
        """Return the decision in the case format (all but `message`)."""
        return {
            "outcome": self.outcome.value,
            "code": self.code.value,
            "reasons": [reason.value for reason in self.reasons],
            "obligations": self.obligations.to_json(),
            "lease_until": self.lease_until,
            "change": [[change.verb.value, change.detail] for change in self.change],
        }


@dataclass(frozen=True, slots=True)
class ViewerAnswer:
    """What probe, play session and key may say: no reasons, no rightsholder's decision."""

    outcome: Outcome
    code: Code
    lease_until: int | None = None
    change: tuple[Change, ...] = field(default=())

    def to_json(self) -> Json:
        """Return `{outcome, code, lease_until, change}`; the caller adds the sentence."""
        return {
            "outcome": self.outcome.value,
            "code": self.code.value,
            "lease_until": self.lease_until,
            "change": [[change.verb.value, change.detail] for change in self.change],
        }


def viewer_answer(decision: Decision) -> ViewerAnswer:
    """Reduce a decision to what its viewer may know.

    The codes that tell what a rightsholder decided become UNAVAILABLE, and the rights desk is
    not named as somebody to ask.
    """
    code = Code.UNAVAILABLE if decision.code in NEUTRAL else decision.code
    change = tuple(change for change in decision.change if change.verb in VIEWER_VERBS)
    return ViewerAnswer(decision.outcome, code, decision.lease_until, change)
