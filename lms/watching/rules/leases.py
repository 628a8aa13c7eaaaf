"""When a permission must be asked for again while somebody watches."""

#: A lease is renewed this long before its end: reports come every 30 s, and one may be lost.
LEASE_MARGIN = 75_000
#: Two servers may write moments in an order that is not the order of their commits (ms).
CLOCK_MARGIN = 10_000


def is_lease_due(lease_until: int, facts_written: int | None, last_report: int, now: int) -> bool:
    """Tell whether a report must be decided about: its lease runs out, or the rights changed.

    All in ms; `facts_written` is when the facts of the recording were last written.
    """
    if now >= lease_until - LEASE_MARGIN:
        return True
    return facts_written is not None and facts_written >= last_report - CLOCK_MARGIN
