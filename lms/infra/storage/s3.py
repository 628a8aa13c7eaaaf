"""Files in an S3-compatible store, by boto3 (the extra `s3`)."""

import base64
import hashlib
import io
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias, cast
from urllib.parse import urlsplit

from typing_extensions import override

from lms.config import S3Settings
from lms.infra.storage.protocol import (
    SIGNED_SECONDS,
    FileLostError,
    StorageError,
    StoredFile,
    key_parts,
    sweep_folder,
)

try:
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError
except ImportError as error:
    raise StorageError(
        "TOMONI_STORAGE=s3 needs the library boto3: install requirements-s3.lock."
    ) from error

#: Stores take at most 10,000 parts: files of up to 160 GB. One part at a time is in memory.
_PART_BYTES = 16 << 20
_READ_BYTES = 1 << 18
_PAGE = 1000  # what one request may list or delete
_MISSING = {"NoSuchKey", "404", "NotFound"}
_Parts: TypeAlias = list[dict[str, Any]]


class S3Storage:
    """Files in one bucket. Nothing of a key is known to anyone but by a signed address."""

    def __init__(self, settings: S3Settings, scratch_folder: Path):
        self._bucket = settings.bucket
        self._prefix = f"{settings.prefix}/" if settings.prefix else ""
        self._scratch = scratch_folder
        self._client = _client(settings, settings.endpoint)
        public = settings.public_endpoint
        self._signer = _client(settings, public) if public else self._client
        self.origin: str | None = _origin(self._signed("x", "text/plain"))

    def _name(self, key: str) -> str:
        return self._prefix + "/".join(key_parts(key))

    def put(self, key: str, source: BinaryIO) -> tuple[int, str]:
        """Store a stream in parts, each with its checksum; a broken one leaves nothing."""
        name, digest = self._name(key), hashlib.sha256()
        with _told(f"{key} cannot be stored"):
            first = _read_part(source)
            digest.update(first)
            if len(first) < _PART_BYTES:
                self._client.put_object(
                    Bucket=self._bucket, Key=name, Body=first, ContentMD5=_md5(first)
                )
                return len(first), digest.hexdigest()
            length = self._put_parts(name, first, source, digest)
        return length, digest.hexdigest()

    def _put_parts(self, name: str, first: bytes, source: BinaryIO, digest: Any) -> int:
        place = {"Bucket": self._bucket, "Key": name}
        place["UploadId"] = self._client.create_multipart_upload(**place)["UploadId"]
        try:
            part, length = first, 0
            done: _Parts = []
            while part:
                answer = self._client.upload_part(
                    **place, PartNumber=len(done) + 1, Body=part, ContentMD5=_md5(part)
                )
                done.append({"PartNumber": len(done) + 1, "ETag": answer["ETag"]})
                length += len(part)
                part = _read_part(source)
                digest.update(part)
            self._client.complete_multipart_upload(**place, MultipartUpload={"Parts": done})
        except BaseException:
            self._client.abort_multipart_upload(**place)
            raise
        return length

    def put_file(self, key: str, source: Path) -> int:
        """Store a file and remove it from its place."""
        with source.open("rb") as stream:
            length, _sha256 = self.put(key, stream)
        source.unlink()
        return length

    def open(self, key: str) -> BinaryIO:
        """Open for reading: bytes are asked for from where `seek` went."""
        raw = _Reader(self._client, self._bucket, self._name(key), self.size(key), key)
        return cast("BinaryIO", io.BufferedReader(raw, _READ_BYTES))

    def read(self, key: str) -> bytes:
        """Return the whole content."""
        with _told(f"{key} cannot be read"):
            answer = self._client.get_object(Bucket=self._bucket, Key=self._name(key))
            content: bytes = answer["Body"].read()
        return content

    def size(self, key: str) -> int:
        """Return the length in bytes."""
        with _told(f"{key} cannot be looked at"):
            answer = self._client.head_object(Bucket=self._bucket, Key=self._name(key))
        return int(answer["ContentLength"])

    def exists(self, key: str) -> bool:
        """Whether the key holds a file."""
        try:
            self.size(key)
        except FileNotFoundError:
            return False
        return True

    @contextmanager
    def as_local(self, key: str) -> Iterator[Path]:
        """Fetch the file to a folder of this machine, for as long as it is needed."""
        with self.scratch() as folder:
            path = folder / "file"
            with self.open(key) as source, path.open("wb") as out:
                while block := source.read(1 << 20):
                    out.write(block)
            yield path

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """Give an empty folder of this machine for a while."""
        self._scratch.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._scratch) as folder:
            yield Path(folder)

    def signed_address(self, key: str, mimetype: str) -> str | None:
        """Return an address that opens the file for a minute, kept by no cache."""
        return self._signed(key, mimetype)

    def _signed(self, key: str, mimetype: str) -> str:
        with _told(f"No address can be signed for {key}"):
            address: str = self._signer.generate_presigned_url(
                "get_object",
                Params={
                    "Bucket": self._bucket,
                    "Key": self._name(key),
                    "ResponseContentType": mimetype,
                    "ResponseCacheControl": "private, no-store",
                },
                ExpiresIn=SIGNED_SECONDS,
            )
        return address

    def delete_tree(self, prefix: str) -> int:
        """Delete the file, or everything under a folder, a thousand at a time."""
        names = [self._name(key) for key in self.list(prefix)]
        for start in range(0, len(names), _PAGE):
            with _told(f"{prefix} cannot be deleted"):
                answer = self._client.delete_objects(
                    Bucket=self._bucket,
                    Delete={
                        "Objects": [{"Key": name} for name in names[start : start + _PAGE]],
                        "Quiet": True,
                    },
                )
            if answer.get("Errors"):
                code = answer["Errors"][0].get("Code", "unknown")
                raise StorageError(f"{prefix} cannot be deleted: the store answered {code}.")
        return len(names)

    def list(self, prefix: str) -> Iterator[str]:
        """Yield the keys of a file or under a folder, in order."""
        for file in self.list_files(prefix):
            yield file.key

    def list_files(self, prefix: str) -> Iterator[StoredFile]:
        """Yield the same with lengths and moments, a thousand a request."""
        name = self._name(prefix)
        for page in self._pages("list_objects_v2", prefix, Prefix=name):
            for found in page.get("Contents", ()):
                if found["Key"] == name or found["Key"].startswith(f"{name}/"):
                    key = found["Key"].removeprefix(self._prefix)
                    yield StoredFile(key, int(found["Size"]), found["LastModified"])

    def _pages(self, what: str, prefix: str, **more: str) -> Iterator[dict[str, Any]]:
        with _told(f"What is under {prefix} cannot be listed"):
            yield from self._client.get_paginator(what).paginate(
                Bucket=self._bucket, PaginationConfig={"PageSize": _PAGE}, **more
            )

    def sweep_unfinished(self, before: datetime, *, dry_run: bool = False) -> int:
        """Break off writes in parts that nobody has gone on with since a moment."""
        count = sweep_folder(self._scratch, before, dry_run=dry_run)
        for page in self._pages("list_multipart_uploads", "/", Prefix=self._prefix):
            for found in page.get("Uploads", ()):
                if found["Initiated"] >= before:
                    continue
                count += 1
                if not dry_run:
                    with _told("A broken-off write cannot be removed"):
                        self._client.abort_multipart_upload(
                            Bucket=self._bucket, Key=found["Key"], UploadId=found["UploadId"]
                        )
        return count


class _Reader(io.RawIOBase):
    """A stored file as a stream: one request for each place that is read from."""

    def __init__(self, client: Any, bucket: str, name: str, size: int, key: str):
        super().__init__()
        self._client = client
        self._place = {"Bucket": bucket, "Key": name}
        self._size = size
        self._key = key
        self._at = 0
        self._body: Any = None

    @override
    def readable(self) -> bool:
        return True

    @override
    def seekable(self) -> bool:
        return True

    @override
    def tell(self) -> int:
        return self._at

    @override
    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        place = base + offset
        if place < 0:
            raise ValueError("A place before the beginning.")
        if place != self._at:
            self._drop()
            self._at = place
        return place

    @override
    def readinto(self, buffer: Any) -> int:
        if self._at >= self._size:
            return 0
        with _told(f"{self._key} cannot be read"):
            if self._body is None:
                asked = f"bytes={self._at}-"
                self._body = self._client.get_object(**self._place, Range=asked)["Body"]
            data = self._body.read(len(buffer))
        if not data:
            raise StorageError(f"{self._key} cannot be read: the store broke off.")
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def _drop(self) -> None:
        if self._body is not None:
            self._body.close()
            self._body = None

    @override
    def close(self) -> None:
        self._drop()
        super().close()


def _client(settings: S3Settings, endpoint: str) -> Any:
    """Return a client that asks a busy store again, and gives up on a dead one in a minute."""
    given = {
        "endpoint_url": endpoint,
        "region_name": settings.region,
        "aws_access_key_id": settings.access_key,
        "aws_secret_access_key": settings.secret_key,
    }
    with _told("The store cannot be set up"):
        # A session of its own: the library's common one is not made for several threads.
        return boto3.session.Session().client(
            "s3",
            config=Config(
                signature_version="s3v4",
                connect_timeout=5,
                read_timeout=30,
                retries={"total_max_attempts": 4, "mode": "standard"},
                # Names of buckets as hosts need DNS that stores of one's own seldom have.
                s3={"addressing_style": "path" if endpoint else "auto"},
                # Other stores than Amazon's do not all know the newer checksums.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
            **{name: value for name, value in given.items() if value},
        )


@contextmanager
def _told(what: str) -> Iterator[None]:
    """Turn the library's many errors into one sentence, and a missing key into what files say."""
    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", "unknown"))
        if code in _MISSING:
            raise FileLostError(f"{what}: the store does not hold it.") from error
        raise StorageError(f"{what}: the store answered {code}.") from error
    except BotoCoreError as error:
        raise StorageError(f"{what}: {type(error).__name__}.") from error


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def _read_part(source: BinaryIO) -> bytes:
    """Return the next part; a stream may give less at a time than it is asked for."""
    blocks, length = [], 0
    while length < _PART_BYTES and (block := source.read(_PART_BYTES - length)):
        blocks.append(block)
        length += len(block)
    return b"".join(blocks)


def _md5(data: bytes) -> str:
    return base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()
