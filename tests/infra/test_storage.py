"""Both stores keep the same contract: this machine's disk, and a real S3 server process."""

import hashlib
import io
import itertools
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typing_extensions import override

from lms.config import ConfigError, Settings
from lms.infra.storage import (
    FileLostError,
    LocalStorage,
    Storage,
    StorageError,
    StorageKeyError,
    make_storage,
    s3,
)
from lms.infra.storage.s3 import S3Storage
from tests.s3_server import S3Server, running_s3

pytestmark = pytest.mark.sqlite_only

LONG_AGO, SOON = timedelta(days=-365 * 30), timedelta(days=1)


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with running_s3() as started:
        yield started


@pytest.fixture(params=["local", "s3", "s3 under a prefix"])
def storage(request: pytest.FixtureRequest, tmp_path: Path, server: S3Server) -> Storage:
    if request.param == "local":
        return LocalStorage(tmp_path / "media")
    prefix = "a/tomoni" if "prefix" in request.param else ""
    return S3Storage(server.make_bucket(prefix), tmp_path / "scratch")


def _bytes(length: int) -> bytes:
    """Return bytes that do not repeat within a part."""
    return hashlib.shake_128(b"film").digest(length)


def _left(tmp_path: Path) -> list[Path]:
    """Return the files that lie on this disk."""
    return [path for path in tmp_path.rglob("*") if path.is_file()]


def test_what_is_put_is_read_back_with_its_checksum(storage: Storage) -> None:
    for data in (b"", b"x", _bytes(700_000)):
        told = storage.put("a/b/file", io.BytesIO(data))
        assert told == (len(data), hashlib.sha256(data).hexdigest())
        assert storage.read("a/b/file") == data
        assert storage.size("a/b/file") == len(data)
        assert storage.exists("a/b/file")
        with storage.open("a/b/file") as file:
            assert file.read() == data


def test_a_file_of_several_parts_is_whole(storage: Storage) -> None:
    data = _bytes(35_000_000)

    class Trickle(io.RawIOBase):
        """Gives less than it is asked for, as a network does."""

        def __init__(self) -> None:
            super().__init__()
            self.rest = io.BytesIO(data)

        @override
        def read(self, size: int = -1) -> bytes:
            return self.rest.read(min(size, 3_000_001))

    told = storage.put("film/source", Trickle())  # type: ignore[arg-type] # it reads, that is all

    assert told == (len(data), hashlib.sha256(data).hexdigest())
    with storage.as_local("film/source") as path:
        assert hashlib.sha256(path.read_bytes()).hexdigest() == told[1]
    with storage.open("film/source") as file:
        file.seek(34_000_000)
        assert file.read(500) == data[34_000_000:34_000_500]
        file.seek(16_777_215)
        assert file.read(2) == data[16_777_215:16_777_217]
        assert file.seek(0, io.SEEK_END) == len(data)
        assert file.read(1) == b""


@pytest.mark.parametrize("after", [0, 1_000, 20_000_000])
def test_a_stream_that_breaks_off_leaves_nothing(
    storage: Storage, tmp_path: Path, after: int
) -> None:
    class Broken(io.RawIOBase):
        given = 0

        @override
        def read(self, size: int = -1) -> bytes:
            if self.given >= after:
                raise ConnectionResetError
            self.given += size
            return bytes(size)

    with pytest.raises(ConnectionResetError):
        storage.put("film/source", Broken())  # type: ignore[arg-type] # it reads, that is all

    assert not storage.exists("film/source")
    assert list(storage.list("film")) == []
    assert _left(tmp_path) == []
    assert storage.sweep_unfinished(datetime.now(UTC) + SOON) == 0


def test_what_was_there_stays_when_writing_over_it_breaks_off(storage: Storage) -> None:
    storage.put("key", io.BytesIO(b"old"))

    class Broken(io.RawIOBase):
        @override
        def read(self, _size: int = -1) -> bytes:
            raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        storage.put("key", Broken())  # type: ignore[arg-type] # it reads, that is all
    assert storage.read("key") == b"old"
    storage.put("key", io.BytesIO(b"new"))
    assert storage.read("key") == b"new"


def test_a_file_is_moved_in(storage: Storage, tmp_path: Path) -> None:
    source = tmp_path / "made"
    source.write_bytes(b"film" * 1000)

    assert storage.put_file("x/film", source) == 4000

    assert not source.exists()
    assert storage.read("x/film") == b"film" * 1000
    with storage.scratch() as folder:
        (folder / "poster").write_bytes(b"p")
        assert storage.put_file("x/poster", folder / "poster") == 1
    assert not folder.exists()
    assert storage.read("x/poster") == b"p"


def test_a_program_gets_a_file_for_a_while(storage: Storage, tmp_path: Path) -> None:
    storage.put("x/film", io.BytesIO(b"film"))
    with storage.as_local("x/film") as path:
        assert path.read_bytes() == b"film"
    if isinstance(storage, S3Storage):
        assert _left(tmp_path) == []
    with pytest.raises(FileLostError, match="x/none"), storage.as_local("x/none"):
        pass


def test_what_is_missing_is_not_found(storage: Storage) -> None:
    asked: list[Any] = [storage.read, storage.size, storage.open]
    for ask in asked:
        with pytest.raises(FileNotFoundError):
            ask("no/such")
    assert not storage.exists("no/such")
    assert list(storage.list("no")) == []
    assert storage.delete_tree("no/such") == 0


def test_a_folder_is_listed_in_order_and_goes_as_a_whole(storage: Storage) -> None:
    keys = ["r/1/a", "r/1/b/c", "r/1/b0", "r/10/a", "r/2", "s"]
    for key in reversed(keys):
        storage.put(key, io.BytesIO(key.encode()))

    assert list(storage.list("r/1")) == ["r/1/a", "r/1/b/c", "r/1/b0"]
    assert list(storage.list("r/2")) == ["r/2"]
    assert list(storage.list("r")) == sorted(keys[:5])
    files = list(storage.list_files("r/1"))
    assert [(f.key, f.size) for f in files] == [("r/1/a", 5), ("r/1/b/c", 7), ("r/1/b0", 6)]
    now = datetime.now(UTC)
    assert all(abs(f.written_at - now) < timedelta(minutes=1) for f in files)

    assert storage.delete_tree("r/1") == 3
    assert storage.delete_tree("r/2") == 1
    assert list(storage.list("r")) == ["r/10/a"]
    assert storage.read("s") == b"s"


def test_more_than_a_page_is_listed_and_deleted(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3, "_PAGE", 10)
    for number in range(25):
        storage.put(f"many/{number:04}", io.BytesIO(b""))
    assert sum(1 for _key in storage.list("many")) == 25
    assert storage.delete_tree("many") == 25
    assert list(storage.list("many")) == []


@pytest.mark.parametrize("key", ["", "/etc/passwd", "../x", "a/../../x", "a\\..\\x", "."])
def test_no_key_leaves_the_store(storage: Storage, key: str, tmp_path: Path) -> None:
    source = tmp_path / "f"
    source.write_bytes(b"")
    asked: list[Any] = [
        storage.read, storage.size, storage.open, storage.exists, storage.delete_tree,
        lambda k: storage.put(k, io.BytesIO(b"")), lambda k: storage.put_file(k, source),
        lambda k: list(storage.list(k)), lambda k: storage.as_local(k).__enter__(),
    ]  # fmt: skip
    for ask in asked:
        with pytest.raises(StorageKeyError):
            ask(key)


def test_unfinished_writes_are_swept_when_they_are_old(
    storage: Storage, server: S3Server, tmp_path: Path
) -> None:
    storage.put("r/1/a", io.BytesIO(b"kept"))
    if isinstance(storage, LocalStorage):
        (tmp_path / "media/r/1/film.0f.part").write_bytes(b"half")
        (tmp_path / "media/.scratch/of-a-killed-process").mkdir(parents=True)
    else:
        assert isinstance(storage, S3Storage)
        name = storage._name("r/1/film")
        for _turn in range(2):
            server.client.create_multipart_upload(Bucket=storage._bucket, Key=name)

    assert list(storage.list("r")) == ["r/1/a"]
    now = datetime.now(UTC)
    assert storage.sweep_unfinished(now + LONG_AGO) == 0
    assert storage.sweep_unfinished(now + SOON, dry_run=True) == 2
    assert storage.sweep_unfinished(now + SOON) == 2
    assert storage.sweep_unfinished(now + SOON) == 0
    assert storage.read("r/1/a") == b"kept"


def test_a_signed_address_opens_its_file_alone_and_may_be_kept_by_none(
    server: S3Server, tmp_path: Path
) -> None:
    storage = S3Storage(server.make_bucket("p"), tmp_path)
    data = _bytes(5_000)
    storage.put("r/0001.ts", io.BytesIO(data))

    address = storage.signed_address("r/0001.ts", "video/mp2t")

    assert address is not None
    assert address.startswith(f"{storage.origin}/")
    assert storage.origin == server.endpoint
    assert "X-Amz-Expires=60" in address
    asked = urllib.request.Request(address, headers={"Range": "bytes=100-199"})  # noqa: S310 - ours
    with urllib.request.urlopen(asked) as answer:  # noqa: S310 - ours
        assert answer.read() == data[100:200]
        assert answer.headers["Content-Type"] == "video/mp2t"
        assert answer.headers["Cache-Control"] == "private, no-store"
    assert LocalStorage(tmp_path).signed_address("r/0001.ts", "video/mp2t") is None


def test_browsers_may_be_sent_to_another_address_than_the_application_uses(
    server: S3Server, tmp_path: Path
) -> None:
    settings = replace(server.make_bucket(), public_endpoint="https://files.demo.example")
    storage = S3Storage(settings, tmp_path)
    storage.put("a", io.BytesIO(b"a"))
    address = storage.signed_address("a", "video/mp2t")
    assert storage.read("a") == b"a"
    assert storage.origin == "https://files.demo.example"
    assert address is not None
    assert address.startswith(f"https://files.demo.example/{settings.bucket}/a?")


def test_what_goes_wrong_is_one_sentence(server: S3Server, tmp_path: Path) -> None:
    away = replace(server.make_bucket(), endpoint="http://127.0.0.1:9")
    none = replace(server.make_bucket(), bucket="no-such-bucket-here")
    faults = []
    for settings, ask in itertools.product((away, none), ("put", "list", "delete_tree")):
        storage = S3Storage(settings, tmp_path)
        with pytest.raises(StorageError) as caught:
            storage.put("k", io.BytesIO(b"")) if ask == "put" else list(storage.list("k"))
        faults.append(str(caught.value))
    assert faults[0] == "k cannot be stored: EndpointConnectionError."
    assert faults[1] == "What is under k cannot be listed: EndpointConnectionError."
    assert faults[3] == "k cannot be stored: the store answered NoSuchBucket."
    assert all("secret" not in fault for fault in faults)


def test_a_full_or_forbidden_disk_is_told_too(tmp_path: Path) -> None:
    (tmp_path / "media").write_text("a file where the folder should be")
    with pytest.raises(StorageError, match="cannot be written to this disk"):
        LocalStorage(tmp_path / "media").put("a/b", io.BytesIO(b"x"))


def test_the_settings_name_the_store(
    settings: Settings, server: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(make_storage(settings), LocalStorage)
    there = replace(settings, s3=server.make_bucket(), var_dir=tmp_path)
    assert isinstance(make_storage(there), S3Storage)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    without = replace(there, s3=replace(server.make_bucket(), access_key="", secret_key=""))
    with pytest.raises(ConfigError, match="NoCredentialsError"):
        make_storage(without)
