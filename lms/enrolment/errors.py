"""What enrolment refuses."""

from lms.kernel.errors import RefusedError


class EnrolmentError(RefusedError):
    """A rule of enrolment refuses the act.

    Codes: those of `rules.Hindrance`; `cannot_withdraw`, `cannot_decide`, `cannot_remove`,
    `not_head_of_queue`, `seats_free`, `full`, `people_enrolled` (the edition cannot go back
    to draft).
    """
