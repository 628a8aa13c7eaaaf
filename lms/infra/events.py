"""Events raised by operations, handled in the same transaction. The table stands in app.py."""

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

Handler = Callable[[Any], None]

_handlers: dict[type, tuple[Handler, ...]] = {}
_pending: ContextVar[list[object] | None] = ContextVar("pending_events", default=None)


def set_handlers(table: dict[type, tuple[Handler, ...]]) -> None:
    """Set which handlers run for which event (called once, by app.py)."""
    _handlers.clear()
    _handlers.update(table)


def raise_event(event: object) -> None:
    """Say that something happened; its handlers run before the transaction commits."""
    pending = _pending.get()
    if pending is None:
        pending = []
        _pending.set(pending)
    pending.append(event)


def run_pending() -> None:
    """Run the handlers of every event raised, including those that handlers raise."""
    rounds = 0
    while pending := _pending.get():
        rounds += 1
        if rounds > 50:  # noqa: PLR2004 - handlers that raise each other's events for ever
            raise RuntimeError("Event handlers keep raising events.")
        _pending.set(None)
        for event in pending:
            for handler in _handlers.get(type(event), ()):
                handler(event)


def drop_pending() -> None:
    """Forget what was raised and not handled (a transaction that did not commit)."""
    _pending.set(None)
