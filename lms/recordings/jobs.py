"""The worker's part: films become renditions, files that nobody needs go."""

from typing import Any

from lms.infra.current import current_settings, current_storage
from lms.infra.jobs.running import JobContext, JobLost
from lms.kernel import clock
from lms.kernel.actor import SYSTEM
from lms.recordings.errors import MediaFaultError
from lms.recordings.models import Stage
from lms.recordings.operations import (
    Film,
    clean_leftovers,
    destroy_files,
    fail_processing,
    forget_files,
    make_rendition,
    publish_rendition,
)
from lms.recordings.queries import find_recording


def transcode(context: JobContext, payload: dict[str, Any]) -> None:
    """Make the rendition of one version of a recording and publish it in one transaction."""
    recording_id, version = str(payload["recording_id"]), int(payload["media_version"])
    recording = find_recording(recording_id)
    if (
        recording is None
        or recording.stage != Stage.PROCESSING
        or recording.media_version != version
    ):
        return
    storage, settings = current_storage(), current_settings()
    film = Film(recording_id, version, recording.source_key)
    clean_leftovers(storage, recording_id, version)
    context.phase(0)
    try:
        made = make_rendition(
            storage, settings.media_master_key, settings.var_dir / "work", film, context.phase
        )
    except MediaFaultError as error:
        with context.finish():
            fail_processing(SYSTEM, recording_id, version, error.fault, clock.now())
        return
    try:
        with context.finish():
            published = publish_rendition(SYSTEM, recording_id, made, clock.now())
    except JobLost:
        storage.delete_tree(made.folder)
        raise
    if not published:
        storage.delete_tree(made.folder)


def destroy(context: JobContext, payload: dict[str, Any]) -> None:
    """Destroy the files of a deleted recording or of earlier versions, then their rows."""
    recording_id = str(payload["recording_id"])
    recording = find_recording(recording_id)
    if recording is None:
        return
    destroy_files(current_storage(), recording)
    with context.finish():
        forget_files(SYSTEM, recording_id)


JOBS = {"transcode": transcode, "destroy_files": destroy}
