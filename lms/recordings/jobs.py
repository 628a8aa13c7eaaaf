"""The worker's part: films become renditions, files that nobody needs go."""

from collections.abc import Callable
from typing import Any

from lms.infra.current import current_settings, current_storage
from lms.infra.jobs.running import JobContext, JobLost
from lms.infra.storage import IncomingFolder, Storage
from lms.kernel import clock
from lms.kernel.actor import SYSTEM
from lms.recordings.errors import MediaFaultError
from lms.recordings.models import MediaKind, Stage
from lms.recordings.operations import (
    SWEPT_AFTER,
    CopySource,
    Film,
    TrackFile,
    clean_copy,
    clean_leftovers,
    clean_track,
    destroy_files,
    fail_copy,
    fail_processing,
    fail_track,
    find_orphans,
    forget_files,
    forget_uploads,
    make_copy,
    make_media,
    make_track,
    publish_copy,
    publish_media,
    publish_track,
    remove_expired,
    remove_folder,
    remove_orphans,
    sweep_incoming,
    sweep_work,
)
from lms.recordings.operations import index_transcripts as index_words
from lms.recordings.queries import (
    find_copy_by_id,
    find_recording,
    find_rendition,
    find_track,
    list_unindexed,
)


def transcode(context: JobContext, payload: dict[str, Any]) -> None:
    """Make the renditions of one version of a recording and publish them in one transaction."""
    recording_id, version = str(payload["recording_id"]), int(payload["media_version"])
    recording = find_recording(recording_id)
    if (
        recording is None
        or recording.stage != Stage.PROCESSING
        or recording.media_version != version
    ):
        return
    storage, settings = current_storage(), current_settings()
    sound_only = recording.kind == MediaKind.AUDIO
    film = Film(recording_id, version, recording.source_key, sound_only=sound_only)
    clean_leftovers(storage, recording_id, version)
    context.phase(0)
    try:
        made = make_media(
            storage, settings.media_master_key, settings.var_dir / "work", film, context.phase
        )
    except MediaFaultError as error:
        with context.finish():
            fail_processing(SYSTEM, recording_id, version, error.fault, clock.now())
        return
    _publish(
        context, storage, made.folder,
        lambda: publish_media(SYSTEM, recording_id, made, clock.now()),
    )  # fmt: skip


def track_job(context: JobContext, payload: dict[str, Any]) -> None:
    """Make another language's sound, cut like its film, and publish it."""
    track = find_track(str(payload["track_id"]))
    recording = find_recording(track.recording_id) if track else None
    if track is None or recording is None or track.job_id != context.job_id:
        return
    reference = find_rendition(recording)
    if reference is None or track.media_version != recording.media_version:
        return
    storage, settings = current_storage(), current_settings()
    file = TrackFile(
        track_id=track.id,
        recording_id=recording.id,
        media_version=recording.media_version,
        source_key=track.source_key,
        language=track.language,
        shift_ms=track.shift_ms,
        borders_ms=[length for _name, length, _number in reference.segments],
    )
    clean_track(storage, track)
    context.phase(0)
    try:
        made = make_track(
            storage, settings.media_master_key, settings.var_dir / "work", file, context.phase
        )
    except MediaFaultError as error:
        with context.finish():
            fail_track(SYSTEM, track.id, context.job_id, error.fault, clock.now())
        return
    _publish(
        context, storage, made.folder.rpartition("/")[0],
        lambda: publish_track(SYSTEM, track.id, context.job_id, made, clock.now()),
    )  # fmt: skip


def copy_job(context: JobContext, payload: dict[str, Any]) -> None:
    """Make the copy that is taken away: the recording without its cuts."""
    copy = find_copy_by_id(str(payload["copy_id"]))
    recording = find_recording(copy.recording_id) if copy else None
    if copy is None or recording is None or copy.job_id != context.job_id:
        return
    storage, settings = current_storage(), current_settings()
    source = CopySource.of(copy, recording, find_rendition(recording))
    clean_copy(storage, copy)
    context.phase(0)
    try:
        made = make_copy(
            storage, settings.media_master_key, settings.var_dir / "work", source, context.phase
        )
    except MediaFaultError as error:
        with context.finish():
            fail_copy(SYSTEM, copy.id, context.job_id, error.fault, clock.now())
        return
    _publish(
        context, storage, made.key.rpartition("/")[0],
        lambda: publish_copy(SYSTEM, copy.id, context.job_id, made, clock.now()),
    )  # fmt: skip


def _publish(
    context: JobContext, storage: Storage, folder: str, publish: Callable[[], bool]
) -> None:
    """Publish what was made, in one transaction; what nobody waits for any more goes."""
    try:
        with context.finish():
            published = publish()
    except JobLost:
        storage.delete_tree(folder)
        raise
    if not published:
        storage.delete_tree(folder)


def destroy(context: JobContext, payload: dict[str, Any]) -> None:
    """Destroy the files of a deleted recording or of earlier versions, then their rows."""
    recording_id = str(payload["recording_id"])
    recording = find_recording(recording_id)
    if recording is None:
        return
    destroy_files(current_storage(), recording)
    with context.finish():
        forget_files(SYSTEM, recording_id)


def remove(_context: JobContext, payload: dict[str, Any]) -> None:
    """Remove one folder that no row names any more."""
    remove_folder(current_storage(), str(payload["folder"]))


def sweep_uploads(context: JobContext, _payload: dict[str, Any]) -> None:
    """Remove uploads that nobody went on with for three days."""
    at = clock.now()
    expired = remove_expired(IncomingFolder(current_settings().upload_dir), at)
    with context.finish():
        forget_uploads(expired, at)


def sweep_files(context: JobContext, _payload: dict[str, Any]) -> None:
    """Remove files older than a day that no row knows: what killed processes left."""
    storage, settings = current_storage(), current_settings()
    before = clock.now() - SWEPT_AFTER
    orphans = find_orphans(storage, before)
    context.phase(500)
    remove_orphans(storage, orphans)
    storage.sweep_unfinished(before)
    sweep_incoming(IncomingFolder(settings.upload_dir), before)
    sweep_work(settings.var_dir / "work", before)


def index_transcripts(context: JobContext, _payload: dict[str, Any]) -> None:
    """Make captions searchable that came in before there was a search."""
    with context.finish():
        for recording_id in list_unindexed():
            index_words(recording_id)


JOBS = {
    "index_transcripts": index_transcripts,
    "transcode": transcode,
    "make_track": track_job,
    "make_copy": copy_job,
    "destroy_files": destroy,
    "remove_folder": remove,
    "sweep_uploads": sweep_uploads,
    "sweep_files": sweep_files,
}
TICKS = {"sweep_uploads": 3600, "sweep_files": 86400, "index_transcripts": 86400}
