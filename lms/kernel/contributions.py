"""What a feature offers to acts that touch every feature; registered in app.py."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol


@dataclass(slots=True)
class LoadReport:
    """What a content load did: keys by outcome, in order. `kept` were edited in the browser."""

    created: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)


class ContentLoader(Protocol):
    """A feature that takes its part of a checked content document into its tables."""

    def load(self, document: Any, *, overwrite: bool, at: datetime, report: LoadReport) -> None:
        """Write this feature's rows in the current transaction; add keys to the report."""
