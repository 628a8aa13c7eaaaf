"""What this feature can refuse, with a code; the sentences stand in `texts`."""

from lms.kernel.errors import RefusedError, TomoniError


class BadFactsError(TomoniError, ValueError):
    """A case whose facts cannot be read; the text is one sentence that names the place.

    Facts that are not understood are refused, never guessed: a condition that is misspelt
    would otherwise be a permission without that condition.
    """


class RightsRefusedError(RefusedError):
    """An act on agreements or publication is refused.

    Codes: not_ready, nobody_allowed (fact `missing`: codes of the decision), taken_down,
    not_taken_down, not_published, already_withdrawn, not_requested; second_approval,
    proposal_waiting, not_waiting, own_proposal; own_override, override_over;
    segment_taken_down, copy_missing, segment_settled.
    """
