"""What can be refused about live sessions; the sentences stand in `texts`."""

from lms.kernel.errors import ForbiddenError, InvalidInputError, RefusedError


class LiveSessionRefusedError(RefusedError):
    """A rule refuses an act on a live session.

    Codes: `cancelled`, `edition_cancelled`, `too_early` (facts: opens_at), `ended`, `no_link`,
    `in_venue`, `one_way`, `venue_full`, `release_too_early`, `released`, `provider_off`,
    `not_fetched_yet`.
    """


class PostponingRefusedError(RefusedError):
    """A rule refuses to put an edition off, or an answer about its new dates.

    Codes: `not_published`, `nothing_to_move`, `no_change`, `answers_over`,
    `seat_gone`, `nobody_left`.
    """


class PostponingInputError(InvalidInputError):
    """Input for putting an edition off that does not fit.

    Codes: `sessions_changed`, `already_past`, `words_missing`, `words_too_long` (facts: most),
    `answer_until_missing`, `answer_until_past`, `answer_until_late`, `answer_unknown`, and for
    the field `line-<id>` those of `SessionInputError` about times.
    """


class NotAdmittedError(ForbiddenError):
    """The person knows of the session but is not on its list (code `not_enrolled`)."""

    def __init__(self) -> None:
        super().__init__("not_enrolled")


class SessionInputError(InvalidInputError):
    """Input for a live session or its attendance that does not fit.

    Codes: `title_missing`, `ends_before_start`, `longer_than_day`, `unlikely_year`,
    `unknown_zone`, `time_does_not_exist` (facts: zone), `bad_link`, `minutes_out_of_range`,
    `name_place_unknown`,
    `unknown_part`, `unknown_speaker`, `status_unknown`, `percent_out_of_range`, `reason_missing`,
    `reason_too_long` (facts: most), `changed_meanwhile`, `already_past`,
    `web_only_without_link`, `way_unknown`, `provider_unknown`, `group_title_missing`,
    `group_unknown`, `group_changed_meanwhile`.
    """


class DeskRefusedError(RefusedError):
    """A rule refuses an act of the front desk.

    Codes: `not_now` (facts: opens_at, closes_at), `ended`, `cancelled`, `not_enrolled`,
    `other_group` (facts: group),
    `called_lately` (facts: again_at), `nobody_missing`, `name_missing`, `name_too_long` (facts:
    most), `noted_already`, `decided_already`, `nobody_of_this_name`, `hand_known_already`,
    `tickets_used_up`.
    """


class ReportRefusedError(RefusedError):
    """A report of a meeting, or a match in it, that cannot be taken.

    Codes: `report_gone`, `report_applied`, `report_other_time`, `report_other_meeting`,
    `report_partly`, `report_no_time`, `report_nobody`, `match_not_listed`.
    """


class GroupRefusedError(RefusedError):
    """A rule refuses an act on seminar groups.

    Codes: `group_full` (facts: title), `group_has_sessions` (facts: count), `no_groups`,
    `nobody_to_spread`, `plan_empty`.
    """
