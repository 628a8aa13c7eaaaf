"""What people, accounts and organisations refuse."""

from datetime import datetime

from lms.kernel.errors import InvalidInputError, RefusedError, TomoniError


class PeopleError(RefusedError):
    """A rule of people refuses the act.

    Codes: `last_admin`, `own_account`, `suspended`, `link_unknown`, `link_used`, `link_expired`.
    """


class PeopleInputError(InvalidInputError):
    """A value that does not fit its field.

    Codes: `not_kana` (fact `character`), `no_name`, `two_names`, `login_id_form`,
    `login_id_taken`, `address_form`, `address_same`, `language`, `time_zone`, `country`,
    `order`, `period`, `overlap`, `code_form`, `code_taken`,
    `level_under`, `level_over`, `no_organisation`, `cycle`, `scope`,
    `granted_already`, `wrong_password`, and those of `rules.PasswordFault`.
    """


class TooManyAttemptsError(TomoniError):
    """Attempts came too fast; `again_at` is when the next one is heard (HTTP 429)."""

    def __init__(self, again_at: datetime):
        super().__init__("too many attempts")
        self.again_at = again_at
