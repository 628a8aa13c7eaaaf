"""What completion refuses."""

from lms.kernel.errors import RefusedError


class CompletionRefusedError(RefusedError):
    """`already_decided`, `reason_missing`, `glyph_missing`, `not_earned`, `not_enrolled`."""
