"""Stored files: a small interface; this machine's disk or an S3-compatible store behind it."""

from lms.config import ConfigError, Settings
from lms.infra.storage.incoming import (
    IncomingFolder,
    IncomingLockedError,
    IncomingLostError,
    NoSpaceLeftError,
    Part,
    PartRefusedError,
)
from lms.infra.storage.local import LocalStorage
from lms.infra.storage.protocol import (
    SIGNED_SECONDS,
    FileLostError,
    Storage,
    StorageError,
    StorageKeyError,
    StoredFile,
)


def make_storage(settings: Settings) -> Storage:
    """Return the store that the settings name. Raises ConfigError when it cannot be set up."""
    if settings.s3 is None:
        return LocalStorage(settings.media_dir)
    try:
        # An extra, imported only where it is used.
        from lms.infra.storage.s3 import S3Storage  # noqa: PLC0415 - as above

        return S3Storage(settings.s3, settings.var_dir / "work" / "files")
    except StorageError as error:
        raise ConfigError(str(error)) from error


__all__ = [
    "SIGNED_SECONDS",
    "FileLostError",
    "IncomingFolder",
    "IncomingLockedError",
    "IncomingLostError",
    "LocalStorage",
    "NoSpaceLeftError",
    "Part",
    "PartRefusedError",
    "Storage",
    "StorageError",
    "StorageKeyError",
    "StoredFile",
    "make_storage",
]
