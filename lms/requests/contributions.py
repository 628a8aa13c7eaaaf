"""What requests give to others: which of their records are kept for a time."""

from flask import Flask

from lms.infra.retention import add_kept
from lms.requests.operations.forgetting import KINDS


def register(app: Flask) -> None:
    """Say what is kept for a time."""
    del app
    for kind in KINDS:
        add_kept(kind)
