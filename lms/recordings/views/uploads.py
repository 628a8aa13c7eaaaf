"""Files that come in pieces and go on after a lost connection: a server of tus 1.0.

Core protocol with creation, creation-with-upload, expiration, termination and checksum. Only
staff may send; an upload is its owner's alone. A whole one becomes something by the form that
names it (`take_upload`).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from email.utils import format_datetime
from typing import Any, BinaryIO, cast

from flask import Response, jsonify, request, url_for

from lms.infra.current import current_settings, current_storage
from lms.infra.db import unit_of_work
from lms.infra.storage import (
    IncomingFolder,
    IncomingLockedError,
    IncomingLostError,
    NoSpaceLeftError,
    PartRefusedError,
)
from lms.infra.web.access import STAFF, access, current_actor, takes_files
from lms.infra.web.errors import refusal_sentence
from lms.kernel import clock
from lms.kernel.errors import InvalidInputError, NotFoundError
from lms.recordings.errors import MediaFault, MediaFaultError, RecordingRefusedError
from lms.recordings.models import MediaKind
from lms.recordings.operations import (
    Purpose,
    Received,
    Room,
    Target,
    UploadPlan,
    UploadState,
    begin_upload,
    claim_upload,
    discard,
    drop_upload,
    finish_upload,
    give_upload_back,
    note_received,
    receive_file,
    refuse_upload,
)
from lms.recordings.queries.uploads import (
    Arriving,
    bytes_still_to_come,
    find_upload,
    stop_reading,
)
from lms.recordings.rules.uploads import (
    CHECKSUMS,
    SNIFFED_BYTES,
    parse_checksum,
    parse_count,
    parse_metadata,
    sniff_head,
)
from lms.recordings.texts import fault_text
from lms.recordings.views.blueprint import blueprint

VERSION = "1.0.0"
_EXTENSIONS = "creation,creation-with-upload,expiration,termination,checksum"
_PIECE = "application/offset+octet-stream"
_STATUS = {
    "upload_too_large": 413,
    "upload_no_space": 507,
    "too_many_uploads": 429,
    "upload_gone": 410,
    "upload_moved_on": 409,
    "upload_in_hand": 423,
    "upload_disk_full": 507,
    "upload_checksum": 460,
    "upload_malformed": 400,
}
_DISK_CODES: dict[type[Exception], str] = {
    IncomingLockedError: "upload_in_hand",
    IncomingLostError: "upload_gone",
    PartRefusedError: "upload_checksum",
    NoSpaceLeftError: "upload_disk_full",
}


@blueprint.route("/desk/uploads", methods=["OPTIONS"], provide_automatic_options=False)
@blueprint.route("/desk/uploads/<upload_id>", methods=["OPTIONS"], provide_automatic_options=False)
@access(STAFF)
def upload_options(upload_id: str = "") -> Any:
    """Say what this server can."""
    del upload_id
    answer = _answer(204)
    answer.headers["Tus-Version"] = VERSION
    answer.headers["Tus-Extension"] = _EXTENSIONS
    answer.headers["Tus-Max-Size"] = str(_limit())
    answer.headers["Tus-Checksum-Algorithm"] = ",".join(sorted(CHECKSUMS))
    return answer


@blueprint.route("/desk/uploads", methods=["POST"], provide_automatic_options=False)
@access(STAFF)
@takes_files
def start_upload() -> Any:
    """Begin an upload; its first piece may come along.

    `Upload-Metadata` says filename, purpose (recording, file, track), place (the id of the
    edition or recording) and, for a new recording, kind.
    """
    if (refused := _wrong_version()) is not None:
        return refused
    plan = _plan()
    if plan is None:
        return _refusal("upload_malformed")
    at = clock.now()
    room = Room(_limit(), _folder().free_bytes() - bytes_still_to_come(at))
    try:
        with unit_of_work():
            upload = begin_upload(current_actor(), plan, room, at)
    except (InvalidInputError, RecordingRefusedError) as error:
        return _refused(_STATUS.get(error.code, 422), refusal_sentence(error), error.code)
    location = url_for("recordings.continue_upload", upload_id=upload.id)
    answer = _answer(201, upload)
    if request.mimetype == _PIECE and request.content_length:
        answer = _take_piece(upload, 0)
        if answer.status_code != 204:  # noqa: PLR2004 - taken; else it says what was wrong
            return answer
        answer.status_code = 201
    answer.headers["Location"] = location
    return answer


@blueprint.route("/desk/uploads/<upload_id>", methods=["HEAD"], provide_automatic_options=False)
@access(STAFF)
def look_at_upload(upload_id: str) -> Any:
    """Say how much has come."""
    if (refused := _wrong_version()) is not None:
        return refused
    upload = _own(upload_id)
    if not _goes_on(upload, clock.now()):
        return _refusal("upload_gone")
    answer = _answer(200, upload)
    answer.headers["Upload-Length"] = str(upload.size)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blueprint.route("/desk/uploads/<upload_id>", methods=["PATCH"], provide_automatic_options=False)
@access(STAFF)
@takes_files
def continue_upload(upload_id: str) -> Any:
    """Take the piece that follows what has come."""
    if (refused := _wrong_version()) is not None:
        return refused
    upload = _own(upload_id)
    if not _goes_on(upload, clock.now()):
        return _refusal("upload_gone")
    if request.mimetype != _PIECE:
        sentence = refusal_sentence(RecordingRefusedError("upload_malformed"))
        return _refused(415, sentence, "upload_malformed")
    start = parse_count(request.headers.get("Upload-Offset"))
    if start is None:
        return _refusal("upload_malformed")
    return _take_piece(upload, start)


@blueprint.route("/desk/uploads/<upload_id>", methods=["DELETE"], provide_automatic_options=False)
@access(STAFF)
def stop_upload(upload_id: str) -> Any:
    """Forget an upload and what has come of it."""
    if (refused := _wrong_version()) is not None:
        return refused
    try:
        with unit_of_work():
            gone = drop_upload(current_actor(), upload_id)
    except RecordingRefusedError as error:
        return _refusal(error.code)
    _folder().remove(gone.key)
    return _answer(204)


@blueprint.get("/desk/uploads/<upload_id>/state")
@access(STAFF)
def upload_state(upload_id: str) -> Any:
    """Say what became of an upload, for a page whose answer was lost on its way."""
    upload = _own(upload_id)
    became = upload.target.get("became")
    return jsonify(
        state=upload.state,
        received=upload.received,
        size=upload.size,
        location=url_for("recordings.recording", recording_id=became) if became else None,
        message=fault_text(upload.error_code) if upload.error_code else "",
    )


def take_upload(upload_id: str, target: Target) -> Received:
    """Judge a whole upload and take it into the store, outside any transaction.

    Whoever attaches what is returned calls `finish_upload` in the same transaction. Raises
    MediaFaultError (the upload is over then) and RecordingRefusedError (upload_not_whole,
    upload_in_hand, upload_gone).
    """
    actor, folder = current_actor(), _folder()
    try:
        with unit_of_work():
            upload = claim_upload(actor, upload_id, clock.now())
    except NotFoundError:
        raise RecordingRefusedError("upload_gone") from None
    try:
        return receive_file(current_storage(), target, folder.path(upload.key), upload.name)
    except MediaFaultError as error:
        _end(upload, error.fault)
        raise
    except FileNotFoundError:
        _end(upload, MediaFault.MISSING)
        raise RecordingRefusedError("upload_gone") from None
    except BaseException:
        with unit_of_work():
            give_upload_back(actor, upload.id, clock.now())
        raise


@contextmanager
def attaching(
    received: Received | None, upload_id: str | None, recording_id: str
) -> Iterator[None]:
    """Open the transaction in which what came in becomes a recording's file.

    The upload it came by is over with it. When nothing was written, what came in goes.
    """
    try:
        with unit_of_work():
            yield
            if upload_id:
                finish_upload(current_actor(), upload_id, recording_id, clock.now())
    except BaseException:
        discard(current_storage(), received)
        if upload_id:
            with unit_of_work():
                refuse_upload(current_actor(), upload_id, MediaFault.MISSING.value, clock.now())
        raise


def _take_piece(upload: Arriving, start: int) -> Response:
    try:
        checksum = _announced_checksum()
        _require_fitting(upload, start)
        with _folder().locked(upload.key):
            return _write_piece(upload, start, checksum)
    except RecordingRefusedError as error:
        return _refusal(error.code)
    except InvalidInputError as error:
        return _refused(_STATUS[error.code], refusal_sentence(error), error.code)
    except tuple(_DISK_CODES) as error:
        if isinstance(error, IncomingLostError):
            _end(upload, MediaFault.MISSING)
        return _refusal(_DISK_CODES[type(error)])


def _announced_checksum() -> tuple[str, bytes] | None:
    announced = request.headers.get("Upload-Checksum")
    if announced is None:
        return None
    checksum = parse_checksum(announced)
    if checksum is None:
        raise RecordingRefusedError("upload_malformed")
    return checksum


def _require_fitting(upload: Arriving, start: int) -> None:
    """Refuse, before any byte is read, a piece that does not follow or that is too long."""
    if start != upload.received:
        raise RecordingRefusedError("upload_moved_on")
    end = start + (request.content_length or 0)
    if end > upload.size:
        raise InvalidInputError("file", "upload_too_large", size=end, max=upload.size)


def _write_piece(upload: Arriving, start: int, checksum: tuple[str, bytes] | None) -> Response:
    """Write what the request brings, with every other request for this upload kept out."""
    folder, actor = _folder(), current_actor()
    stop_reading()  # what was read before the lock may be of yesterday
    fresh = find_upload(upload.owner_id, upload.id)
    if fresh is None or fresh.received != start or fresh.state != UploadState.OPEN:
        return _refusal("upload_moved_on")
    stop_reading()  # no transaction stands open while a slow connection brings its bytes
    part = folder.append(
        upload.key, start, cast("BinaryIO", request.stream), upload.size - start, checksum
    )
    fault = None
    if start < SNIFFED_BYTES and part.length >= min(SNIFFED_BYTES, upload.size):
        kind = upload.target["kind"]
        fault = sniff_head(
            folder.head(upload.key, SNIFFED_BYTES),
            paper=kind == MediaKind.PAPER, sound=kind == MediaKind.AUDIO,
        )  # fmt: skip
    if fault is not None:
        _end(upload, fault)
        return _refused(422, fault_text(fault.value), fault.value)
    with unit_of_work():
        note_received(actor, upload.id, start, part.length, clock.now())
    if part.broke_off:
        return _refusal("upload_malformed")  # to nobody: the sender is gone
    return _answer(204, _own(upload.id))


def _end(upload: Arriving, fault: MediaFault) -> None:
    with unit_of_work():
        refuse_upload(current_actor(), upload.id, fault.value, clock.now())
    _folder().remove(upload.key)


def _folder() -> IncomingFolder:
    return IncomingFolder(current_settings().upload_dir)


def _limit() -> int:
    return current_settings().max_upload_mb * 1_000_000


def _own(upload_id: str) -> Arriving:
    upload = find_upload(current_actor().person_id or "", upload_id)
    if upload is None:
        raise NotFoundError
    return upload


def _goes_on(upload: Arriving, at: datetime) -> bool:
    return upload.expires_at > at and upload.state in {UploadState.OPEN, UploadState.WHOLE}


def _plan() -> UploadPlan | None:
    """Read what is to come from the headers; None when they do not say."""
    size = parse_count(request.headers.get("Upload-Length"))
    told = parse_metadata(request.headers.get("Upload-Metadata", ""))
    if size is None or told is None:
        return None
    try:
        purpose = Purpose(told.get("purpose", ""))
    except ValueError:
        return None
    return UploadPlan(
        purpose, told.get("place", ""), told.get("kind", ""), told.get("filename", ""), size
    )


def _wrong_version() -> Response | None:
    if request.headers.get("Tus-Resumable") == VERSION:
        return None
    answer = _refused(412, refusal_sentence(RecordingRefusedError("upload_malformed")), "version")
    answer.headers["Tus-Version"] = VERSION
    return answer


def _answer(status: int, upload: Arriving | None = None) -> Response:
    answer = Response(status=status)
    answer.headers["Tus-Resumable"] = VERSION
    if upload is not None:
        answer.headers["Upload-Offset"] = str(upload.received)
        answer.headers["Upload-Expires"] = format_datetime(upload.expires_at, usegmt=True)
    return answer


def _refusal(code: str) -> Response:
    return _refused(_STATUS[code], refusal_sentence(RecordingRefusedError(code)), code)


def _refused(status: int, sentence: str, code: str) -> Response:
    answer = jsonify(error=code, message=sentence)
    answer.status = f"{status} {code}" if status == 460 else str(status)  # noqa: PLR2004 - tus's own, which has no name elsewhere
    answer.headers["Tus-Resumable"] = VERSION
    return answer
