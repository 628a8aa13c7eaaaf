"""Removing one folder of the store that no row names any more."""

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute

from lms.infra.db import db
from lms.infra.jobs.ledger import enqueue
from lms.infra.storage import Storage
from lms.recordings.models import AudioTrack, MediaCopy, Recording, Rendition

#: Where rows name what lies in the store.
NAMED_COLUMNS: tuple[InstrumentedAttribute[str], ...] = (
    Recording.source_key,
    Recording.poster_key,
    Rendition.folder,
    AudioTrack.source_key,
    MediaCopy.key,
)


def queue_removal(key: str) -> None:
    """Have the folder in which a file lies removed, once this transaction has let go of it."""
    folder = key.rpartition("/")[0]
    if folder:
        enqueue("remove_folder", {"folder": folder})


def remove_folder(storage: Storage, folder: str) -> int:
    """Remove a folder unless a row still names something in it; return how many files went.

    Outside any transaction; twice does no harm.
    """
    recording_id = folder.split("/")[1]
    for column in NAMED_COLUMNS:
        table = column.class_
        of = table.id if table is Recording else table.recording_id
        keys = db.session.scalars(select(column).where(of == recording_id))
        if any(key == folder or key.startswith(f"{folder}/") for key in keys):
            return 0
    return storage.delete_tree(folder)
