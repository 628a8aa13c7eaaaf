"""The number of an invitation (RFC 5545 3.8.7.4, RFC 5546 2.1.4): it never falls for anybody."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LastWord:
    """What a person's calendar was told last: REQUEST or CANCEL, under which number.

    `session_sequence` was the session's own number then.
    """

    method: str
    sequence: int
    session_sequence: int


def next_sequence(method: str, session_sequence: int, last: LastWord | None) -> int:
    """Return the number under which a person is told now.

    The same word of the same state keeps its number, so that a mail written twice is one. Any
    other is higher than all before it: a change, a withdrawal, coming back after one. A CANCEL
    to somebody of whose invitation nothing is known is higher than the session's number.
    """
    if last is None:
        return session_sequence + (method == "CANCEL")
    if (last.method, last.session_sequence) == (method, session_sequence):
        return last.sequence
    return max(session_sequence, last.sequence + 1)
