"""What courses refuse."""

from lms.kernel.errors import RefusedError


class CoursesError(RefusedError):
    """A rule of courses refuses the act.

    Codes: `missing` (facts: `missing`, a tuple of `rules.Missing`), `edited_meanwhile`,
    `part_in_use`, `lesson_in_use`, `wrong_state`, `archived`.
    """
