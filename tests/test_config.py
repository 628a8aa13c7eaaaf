"""Settings are read from the environment; what does not fit stops start-up with a sentence."""

from pathlib import Path

import pytest

from lms.config import ConfigError, S3Settings, load_settings


def test_secrets_are_made_once_and_kept_apart(tmp_path: Path) -> None:
    env = {"TOMONI_VAR": str(tmp_path)}
    first, second = load_settings(env), load_settings(env)
    assert first.secret_key == second.secret_key
    assert first.media_master_key == second.media_master_key
    assert first.secret_key.encode() != first.media_master_key
    assert (tmp_path / "secret-key").stat().st_mode & 0o077 == 0
    assert (tmp_path / "media-key").stat().st_mode & 0o077 == 0


def test_processes_that_start_together_have_the_same_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    env = {"TOMONI_VAR": str(tmp_path)}
    first = load_settings(env)
    monkeypatch.setattr(Path, "exists", lambda _path: False)  # as it was a moment before
    second = load_settings(env)
    assert (first.secret_key, first.media_master_key) == (
        second.secret_key, second.media_master_key,
    )  # fmt: skip
    assert sorted(path.name for path in tmp_path.iterdir()) == ["media-key", "secret-key"]


def test_another_key_for_cookies_leaves_recordings_playable(tmp_path: Path) -> None:
    before = load_settings({"TOMONI_VAR": str(tmp_path)})
    after = load_settings({"TOMONI_VAR": str(tmp_path), "TOMONI_SECRET_KEY": "n" * 40})
    assert after.secret_key != before.secret_key
    assert after.media_master_key == before.media_master_key


def test_recordings_of_the_first_version_stay_playable(tmp_path: Path) -> None:
    """There the key that signed cookies was theirs too."""
    (tmp_path / "media").mkdir()
    env = {"TOMONI_VAR": str(tmp_path), "TOMONI_SECRET_KEY": "o" * 40}
    assert load_settings(env).media_master_key == b"o" * 40
    changed = load_settings({**env, "TOMONI_SECRET_KEY": "n" * 40})
    assert changed.media_master_key == b"o" * 40
    assert (tmp_path / "media-key").stat().st_mode & 0o077 == 0


def test_what_is_set_is_taken(tmp_path: Path) -> None:
    settings = load_settings(
        {
            "TOMONI_VAR": str(tmp_path),
            "TOMONI_BASE_URL": "https://learn.demo.example/",
            "TOMONI_DEMO": "1",
            "TOMONI_TRUSTED_PROXIES": "1",
            "TOMONI_SMTP_PORT": "2525",
        }
    )
    assert settings.base_url == "https://learn.demo.example"
    assert settings.secure_cookies is True
    assert settings.demo is True
    assert settings.trusted_proxies == 1
    assert settings.smtp_port == 2525
    assert settings.mail_folder == tmp_path / "mail"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TOMONI_SECRET_KEY", "short"),
        ("TOMONI_MEDIA_KEY", "short"),
        ("TOMONI_BASE_URL", "ftp://x"),
        ("TOMONI_DEMO", "perhaps"),
        ("TOMONI_SMTP_PORT", "zero"),
        ("TOMONI_MAX_UPLOAD_MB", "0"),
        ("TOMONI_TRUSTED_PROXIES", "-1"),
        ("TOMONI_STORAGE", "tape"),
        ("TOMONI_STORAGE", "s3"),
    ],
)
def test_a_bad_value_is_named(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=name):
        load_settings({"TOMONI_VAR": str(tmp_path), name: value})


S3 = {
    "TOMONI_STORAGE": "s3", "TOMONI_S3_BUCKET": "tomoni", "TOMONI_S3_ACCESS_KEY": "a",
    "TOMONI_S3_SECRET_KEY": "b",
}  # fmt: skip


def test_a_store_elsewhere_is_named_whole(tmp_path: Path) -> None:
    env = {
        **S3, "TOMONI_VAR": str(tmp_path), "TOMONI_S3_ENDPOINT": "http://127.0.0.1:9000/",
        "TOMONI_S3_PUBLIC_ENDPOINT": "https://files.demo.example", "TOMONI_S3_REGION": "jp-1",
        "TOMONI_S3_PREFIX": "/tomoni/", "TOMONI_UPLOAD_FOLDER": str(tmp_path / "incoming"),
    }  # fmt: skip
    settings = load_settings(env)
    assert settings.s3 == S3Settings(
        bucket="tomoni", endpoint="http://127.0.0.1:9000",
        public_endpoint="https://files.demo.example", region="jp-1", access_key="a",
        secret_key="b", prefix="tomoni",
    )  # fmt: skip
    assert settings.upload_dir == tmp_path / "incoming"
    plain = load_settings({"TOMONI_VAR": str(tmp_path)})
    assert plain.s3 is None
    assert plain.upload_dir == tmp_path / "uploads"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TOMONI_S3_BUCKET", ""),
        ("TOMONI_S3_ENDPOINT", "store.example"),
        ("TOMONI_S3_PUBLIC_ENDPOINT", "ftp://store.example"),
        ("TOMONI_S3_SECRET_KEY", ""),
        ("TOMONI_ACCEL_PREFIX", "/stored"),
    ],
)
def test_what_does_not_fit_a_store_elsewhere_is_named(
    tmp_path: Path, name: str, value: str
) -> None:
    with pytest.raises(ConfigError, match=name):
        load_settings({**S3, "TOMONI_VAR": str(tmp_path), name: value})
