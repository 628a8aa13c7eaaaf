"""What this feature can refuse, with a code; the sentences stand in `texts`."""

from lms.kernel.errors import TomoniError


class BadFactsError(TomoniError, ValueError):
    """A case whose facts cannot be read; the text is one sentence that names the place.

    Facts that are not understood are refused, never guessed: a condition that is misspelt
    would otherwise be a permission without that condition.
    """
