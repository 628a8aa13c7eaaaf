"""What the running application was made with, for edges that need its settings or its store."""

from typing import cast

from flask import current_app

from lms.config import Settings
from lms.infra.storage import Storage


def current_settings() -> Settings:
    """Return the settings of the application in whose context this runs."""
    return cast("Settings", current_app.extensions["settings"])


def current_storage() -> Storage:
    """Return the store of the application in whose context this runs."""
    return cast("Storage", current_app.extensions["storage"])
