"""What can become of an open, a close or a watch report, by code."""

from enum import StrEnum

from lms.kernel.errors import TomoniError


class WatchResult(StrEnum):
    """The answer to one step of a play session.

    The values are part of the player's protocol and of the data files; texts are made of them
    elsewhere.
    """

    OK = "OK"
    #: The sequence number was stored before: success, nothing changed.
    DUPLICATE = "DUPLICATE"
    #: Send the same intervals under a play session that is open.
    SESSION_UNKNOWN = "SESSION_UNKNOWN"
    #: As above: the play session has been closed.
    SESSION_CLOSED = "SESSION_CLOSED"
    #: The report must be cut into smaller ones.
    TOO_MANY_INTERVALS = "TOO_MANY_INTERVALS"
    #: At least one interval cannot be; nothing of the report was stored.
    INVALID_INTERVAL = "INVALID_INTERVAL"
    #: More than can have been played by now; the same report may be sent again later.
    RATE_IMPOSSIBLE = "RATE_IMPOSSIBLE"

    @property
    def accepted(self) -> bool:
        """Tell whether the sender may forget the report."""
        return self in (WatchResult.OK, WatchResult.DUPLICATE)


class WatchingError(TomoniError):
    """What watching refuses in ways that are answered with more than a code."""


class PlayRefusedError(WatchingError):
    """The decision does not allow it; `decision` says why and what would change it.

    Kept as an object that this room need not know.
    """

    def __init__(self, decision: object):
        super().__init__("play_refused")
        self.decision = decision
