"""What the desk of mail refuses."""

from lms.kernel.errors import RefusedError


class MailDeskError(RefusedError):
    """A mail cannot be stopped or sent again now."""
