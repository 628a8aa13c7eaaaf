"""What can be refused about requests for study meetings; the sentences stand in `texts`."""

from lms.kernel.errors import InvalidInputError, RefusedError


class MeetingRequestRefusedError(RefusedError):
    """A rule refuses an act on a request.

    Codes: `changed_meanwhile`, `wrong_state`, `asked_for_no_more` (the programme is not offered).
    """


class MeetingRequestInputError(InvalidInputError):
    """Input for a request or its answer that does not fit.

    Codes: `required`, `too_long` (facts: most), `people_out_of_range` (facts: most),
    `no_such_time`, `unknown_zone`, `ends_before_start`, `longer_than_day`, `already_past`,
    `twice`, `contact_missing`, `address`, `unknown_choice`.
    """
