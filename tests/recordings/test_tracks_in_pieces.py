"""Another language's sound that comes in pieces and goes on after a lost connection."""

import base64
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from lms.config import Settings
from lms.infra.current import current_storage
from lms.infra.db import db, unit_of_work
from lms.people.models import Person
from lms.recordings.models import MediaKind, Recording, Upload
from lms.recordings.operations import Details, add_recording, import_file
from lms.recordings.queries import list_tracks
from tests.conftest import NOW, Cast
from tests.recordings.conftest import Course

SignIn = Callable[[Person], FlaskClient]
TUS = {"Tus-Resumable": "1.0.0"}


@pytest.fixture(autouse=True)
def _no_uploads(settings: Settings) -> Iterator[None]:
    shutil.rmtree(settings.upload_dir, ignore_errors=True)
    yield
    shutil.rmtree(settings.upload_dir, ignore_errors=True)


@pytest.fixture
def film(cast: Cast, course: Course, films: Path) -> Recording:
    actor = cast.actor("organiser")
    with unit_of_work():
        row = add_recording(actor, course.edition.id, MediaKind.VIDEO, Details({"en": "x"}), NOW)
        import_file(actor, current_storage(), row.id, films / "short.mp4", NOW)
    return row


@pytest.fixture
def organiser(cast: Cast, sign_in: SignIn) -> FlaskClient:
    client = sign_in(cast.organiser)
    with client.session_transaction() as session:
        session["language"] = "en"
    return client


def in_pieces(client: FlaskClient, film: Recording, data: bytes) -> str:
    """Send bytes in two pieces; return the id of the upload."""
    told = {"filename": "booth.m4a", "purpose": "track", "place": film.id}
    metadata = ",".join(
        f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in told.items()
    )
    begun = client.post(
        "/desk/uploads",
        headers={**TUS, "Upload-Length": str(len(data)), "Upload-Metadata": metadata},
    )
    assert begun.status_code == 201, begun.text
    half = len(data) // 2
    for start, piece in ((0, data[:half]), (half, data[half:])):
        db.session.rollback()
        answer = client.patch(
            begun.location, data=piece, content_type="application/offset+octet-stream",
            headers={**TUS, "Upload-Offset": str(start)},
        )  # fmt: skip
        assert answer.status_code == 204, answer.text
    return begun.location.rpartition("/")[2]


def test_it_becomes_a_track_whole(organiser: FlaskClient, film: Recording, films: Path) -> None:
    data = (films / "sound.m4a").read_bytes()
    upload_id = in_pieces(organiser, film, data)

    answer = organiser.post(
        f"/desk/recordings/{film.id}/sound",
        data={"track_language": "en", "shift": "1", "upload": upload_id},
        headers={"Accept": "application/json"},
    )

    assert (answer.status_code, answer.json) == (
        201, {"location": f"/desk/recordings/{film.id}/sound"}
    )  # fmt: skip
    (track,) = list_tracks(film.id, 1)
    assert (track.language, track.shift_ms, track.source_name) == ("en", 1000, "booth.m4a")
    assert current_storage().read(track.source_key) == data
    db.session.expire_all()
    assert db.session.scalars(select(Upload.state)).one() == "taken"


def test_what_is_wrong_is_said_before_anything_is_sent(
    organiser: FlaskClient, film: Recording
) -> None:
    address = f"/desk/recordings/{film.id}/sound"

    fine = organiser.post(address, data={"track_language": "en", "shift": "0", "upload": "check"})
    own = organiser.post(address, data={"track_language": "ja", "shift": "0", "upload": "check"})
    wrong = organiser.post(address, data={"track_language": "en", "shift": "x", "upload": "check"})

    assert (fine.status_code, fine.json) == (200, {"ok": True})
    assert (own.status_code, wrong.status_code) == (422, 422)
    assert "own sound is in this language" in own.text
    assert "Please write seconds" in wrong.text
    assert list_tracks(film.id, 1) == []
