"""What watching adds to the application as a whole."""

import logging
import re

from flask import Flask
from typing_extensions import override

from lms.infra.retention import add_kept
from lms.watching.operations.forgetting import KINDS

_MEDIA = re.compile(r"(/(?:media|consents)/)[^/\s?]+")


def register(app: Flask) -> None:
    """Say what is kept for a time; keep media addresses out of the development server's log."""
    del app
    for kind in KINDS:
        add_kept(kind)
    logger = logging.getLogger("werkzeug")
    if not any(isinstance(known, HideMediaTokens) for known in logger.filters):
        logger.addFilter(HideMediaTokens())


class HideMediaTokens(logging.Filter):
    """Takes the token out of media addresses and of links to letters: who has it could use it."""

    @override
    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record; let every record pass."""
        record.msg = _MEDIA.sub(r"\1...", str(record.getMessage()))
        record.args = ()
        return True
