"""What can go wrong in ways a person is told of. Texts live at the edges, codes here."""

from collections.abc import Mapping


class TomoniError(Exception):
    """The root of every refusal this product makes on purpose."""


class NotFoundError(TomoniError):
    """The thing is missing, or this person may not know that it exists (HTTP 404)."""


class ForbiddenError(TomoniError):
    """The person may know that the thing exists, but may not do this (HTTP 403)."""

    def __init__(self, code: str = "forbidden"):
        super().__init__(code)
        self.code = code


class RefusedError(TomoniError):
    """A rule refuses the act (HTTP 409); `code` is translated by the feature's `texts`.

    Each feature subclasses this in its `errors` room. `facts` fill the sentence's placeholders.
    """

    def __init__(self, code: str, **facts: object):
        super().__init__(code)
        self.code = code
        self.facts: Mapping[str, object] = facts


class InvalidInputError(TomoniError):
    """Input that does not fit (HTTP 422): `field` names the place, `code` the fault."""

    def __init__(self, field: str, code: str, **facts: object):
        super().__init__(f"{field}: {code}")
        self.field = field
        self.code = code
        self.facts: Mapping[str, object] = facts
