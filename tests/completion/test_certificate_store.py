"""Certificates need no disk: they are set once and kept in an S3-compatible store."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from lms.infra.storage.s3 import S3Storage
from lms.people.models import Person
from tests.completion.conftest import Course
from tests.completion.test_views import certified, text_of
from tests.s3_server import running_s3

SignIn = Callable[[Person], FlaskClient]

pytestmark = pytest.mark.sqlite_only


def test_a_certificate_is_kept_in_the_store(
    app: Flask, course: Course, sign_in: SignIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running_s3() as server:
        store = S3Storage(server.make_bucket("tomoni"), tmp_path)
        monkeypatch.setitem(app.extensions, "storage", store)
        certificate = certified(course)
        address = f"/my/certificates/{certificate.id}.pdf?lang=ja"
        client = sign_in(course.cast.trainee)

        first, second = client.get(address), client.get(address)

        assert "2026-0001" in text_of(first)
        assert second.data == first.data
        assert len(list(store.list("certificates"))) == 1
