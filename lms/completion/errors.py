"""What completion refuses."""

from lms.kernel.errors import RefusedError


class CompletionRefusedError(RefusedError):
    """Why not.

    `already_decided`, `reason_missing`, `glyph_missing` (fact `characters`), `not_earned`,
    `not_enrolled`, `already_issued`, `certificate_revoked`.
    """
