"""Environment -> one frozen Settings. A bad value stops start-up with a sentence."""

import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent


class ConfigError(Exception):
    """A setting that cannot be used; the text says which and why."""


@dataclass(frozen=True, slots=True)
class S3Settings:
    """An S3-compatible store. Empty values are left to the library's own ways of finding them.

    `public_endpoint` is the address at which browsers reach what the application reaches at
    `endpoint`; `prefix` stands before every key.
    """

    bucket: str
    endpoint: str = ""
    public_endpoint: str = ""
    region: str = ""
    access_key: str = ""
    secret_key: str = ""
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class ZoomSettings:
    """A Zoom account, asked by a server-to-server OAuth app.

    `host` is the user (id or address) who holds meetings that name no other; `api_url` and
    `auth_url` are Zoom's own; `registers`: everyone gets a link of their own, for which name and
    address are given to Zoom. `timeout` in seconds.
    """

    account_id: str
    client_id: str
    client_secret: str
    host: str = "me"
    api_url: str = "https://api.zoom.us/v2"
    auth_url: str = "https://zoom.us"
    registers: bool = True
    timeout: float = 10.0


@dataclass(frozen=True, slots=True)
class JitsiSettings:
    """A Jitsi server (or tenant of Jitsi as a Service) that lets in who has a signed token.

    `secret` signs with HS256; `private_key` (PEM) in its place with RS256, of which `key_id`
    tells the server the public half.
    """

    base_url: str
    app_id: str
    secret: str = ""
    private_key: str = ""
    key_id: str = ""
    audience: str = "jitsi"
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that differs between places where Tomoni runs.

    `var_dir` holds what the product writes (media, uploads, mail of the demo); `s3` is None
    where files are kept on this machine's disk;
    `trusted_proxies` is how many proxies of ours stand before the application; `password_cost`
    is the argon2 time cost and memory in KiB; `base_url` is the address people reach it by.
    """

    database_url: str
    secret_key: str
    var_dir: Path
    base_url: str = "http://localhost:8000"
    demo: bool = False
    testing: bool = False
    secure_cookies: bool = False
    smtp_host: str = ""
    smtp_port: int = 25
    smtp_user: str = ""
    smtp_password: str = ""
    smtp_starttls: bool = False
    mail_from: str = "tomoni@localhost"
    mail_folder: Path | None = None
    accel_prefix: str = ""
    max_upload_mb: int = 4096
    password_cost: tuple[int, int] = (3, 65536)
    media_master_key: bytes = b""
    journal_folder: Path | None = None
    trusted_proxies: int = 0
    s3: S3Settings | None = None
    upload_folder: Path | None = None
    zoom: ZoomSettings | None = None
    jitsi: JitsiSettings | None = None

    @property
    def journal_dir(self) -> Path:
        """Where withdrawals, takedowns and closings are also written, beside the backups."""
        return self.journal_folder or self.var_dir / "journal"

    @property
    def media_dir(self) -> Path:
        """Where stored files are kept when storage is this machine's disk."""
        return self.var_dir / "media"

    @property
    def upload_dir(self) -> Path:
        """Where files lie that are on their way in: always a disk, of all web processes one."""
        return self.upload_folder or self.var_dir / "uploads"


def load_settings(env: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from the environment (`TOMONI_*`).

    Raises ConfigError naming the variable when a value does not fit.
    """
    env = os.environ if env is None else env
    var_dir = Path(env.get("TOMONI_VAR", str(ROOT / "var"))).resolve()
    demo = _flag(env, "TOMONI_DEMO")
    secret = env.get("TOMONI_SECRET_KEY", "")
    if not secret:
        secret = _kept_secret(var_dir)
    if len(secret) < 32:  # noqa: PLR2004 - 32 characters of a random text
        raise ConfigError("TOMONI_SECRET_KEY must have at least 32 characters.")
    base_url = env.get("TOMONI_BASE_URL", "http://localhost:8000").rstrip("/")
    if not base_url.startswith(("http://", "https://")):
        raise ConfigError("TOMONI_BASE_URL must start with http:// or https://.")
    folder, uploads = env.get("TOMONI_MAIL_FOLDER", ""), env.get("TOMONI_UPLOAD_FOLDER", "")
    return Settings(
        database_url=env.get("TOMONI_DATABASE_URL", f"sqlite:///{var_dir / 'tomoni.db'}"),
        secret_key=secret,
        var_dir=var_dir,
        base_url=base_url,
        demo=demo,
        secure_cookies=base_url.startswith("https://"),
        smtp_host=env.get("TOMONI_SMTP_HOST", ""),
        smtp_port=_number(env, "TOMONI_SMTP_PORT", 25),
        smtp_user=env.get("TOMONI_SMTP_USER", ""),
        smtp_password=env.get("TOMONI_SMTP_PASSWORD", ""),
        smtp_starttls=_flag(env, "TOMONI_SMTP_STARTTLS"),
        mail_from=env.get("TOMONI_MAIL_FROM", "tomoni@localhost"),
        mail_folder=Path(folder) if folder else (var_dir / "mail" if demo else None),
        accel_prefix=env.get("TOMONI_ACCEL_PREFIX", ""),
        max_upload_mb=_number(env, "TOMONI_MAX_UPLOAD_MB", 4096),
        media_master_key=_media_key(env, var_dir, secret),
        journal_folder=Path(env["TOMONI_JOURNAL"]).resolve() if env.get("TOMONI_JOURNAL") else None,
        trusted_proxies=_count(env, "TOMONI_TRUSTED_PROXIES"),
        s3=_s3(env),
        upload_folder=Path(uploads).resolve() if uploads else None,
        zoom=_zoom(env),
        jitsi=_jitsi(env),
    )


def _zoom(env: Mapping[str, str]) -> ZoomSettings | None:
    """Return the Zoom account that holds meetings, or None."""
    names = ("TOMONI_ZOOM_ACCOUNT_ID", "TOMONI_ZOOM_CLIENT_ID", "TOMONI_ZOOM_CLIENT_SECRET")
    given = [env.get(name, "") for name in names]
    if not any(given):
        return None
    for name, value in zip(names, given, strict=True):
        if not value:
            raise ConfigError(f"{name} must be set with the other settings of Zoom.")
    account_id, client_id, client_secret = given
    return ZoomSettings(
        account_id,
        client_id,
        client_secret,
        host=env.get("TOMONI_ZOOM_HOST", "") or "me",
        api_url=_address(env, "TOMONI_ZOOM_API_URL") or "https://api.zoom.us/v2",
        auth_url=_address(env, "TOMONI_ZOOM_AUTH_URL") or "https://zoom.us",
        registers=_flag({"TOMONI_ZOOM_REGISTERS": "1", **env}, "TOMONI_ZOOM_REGISTERS"),
    )


def _jitsi(env: Mapping[str, str]) -> JitsiSettings | None:
    """Return the Jitsi server whose rooms open to our tokens, or None."""
    base_url = _address(env, "TOMONI_JITSI_URL")
    if not base_url:
        return None
    app_id = env.get("TOMONI_JITSI_APP_ID", "")
    if not app_id:
        raise ConfigError("TOMONI_JITSI_APP_ID must name the application that Jitsi knows.")
    secret, key_file = env.get("TOMONI_JITSI_SECRET", ""), env.get("TOMONI_JITSI_KEY_FILE", "")
    if bool(secret) == bool(key_file):
        raise ConfigError(
            "Either TOMONI_JITSI_SECRET or TOMONI_JITSI_KEY_FILE must be set, to sign for Jitsi."
        )
    if secret and len(secret) < 32:  # noqa: PLR2004 - as long as what HS256 makes of it
        raise ConfigError("TOMONI_JITSI_SECRET must have at least 32 characters.")
    key = _private_key(Path(key_file)) if key_file else ""
    return JitsiSettings(
        base_url=base_url,
        app_id=app_id,
        secret=secret,
        private_key=key,
        key_id=env.get("TOMONI_JITSI_KEY_ID", ""),
        audience=env.get("TOMONI_JITSI_AUDIENCE", "") or "jitsi",
        subject=env.get("TOMONI_JITSI_SUBJECT", "") or urlsplit(base_url).hostname or "",
    )


def _private_key(path: Path) -> str:
    try:
        key = path.read_text(encoding="ascii")
    except (OSError, ValueError):
        raise ConfigError("TOMONI_JITSI_KEY_FILE must name a file that can be read.") from None
    if "PRIVATE KEY-----" not in key:
        raise ConfigError("TOMONI_JITSI_KEY_FILE must hold a private key in PEM.")
    return key


def _s3(env: Mapping[str, str]) -> S3Settings | None:
    """Return where stored files go besides this machine's disk, or None."""
    kind = env.get("TOMONI_STORAGE", "local")
    if kind not in {"local", "s3"}:
        raise ConfigError(f"TOMONI_STORAGE must be local or s3, not {kind!r}.")
    if kind == "local":
        return None
    if env.get("TOMONI_ACCEL_PREFIX"):
        raise ConfigError(
            "TOMONI_ACCEL_PREFIX cannot be used with TOMONI_STORAGE=s3: the store sends the files."
        )
    bucket = env.get("TOMONI_S3_BUCKET", "")
    if not bucket:
        raise ConfigError("TOMONI_S3_BUCKET must name a bucket when TOMONI_STORAGE is s3.")
    access, secret = env.get("TOMONI_S3_ACCESS_KEY", ""), env.get("TOMONI_S3_SECRET_KEY", "")
    if bool(access) != bool(secret):
        raise ConfigError("TOMONI_S3_ACCESS_KEY and TOMONI_S3_SECRET_KEY must be set together.")
    return S3Settings(
        bucket=bucket,
        endpoint=_address(env, "TOMONI_S3_ENDPOINT"),
        public_endpoint=_address(env, "TOMONI_S3_PUBLIC_ENDPOINT"),
        region=env.get("TOMONI_S3_REGION", ""),
        access_key=access,
        secret_key=secret,
        prefix=env.get("TOMONI_S3_PREFIX", "").strip("/"),
    )


def _address(env: Mapping[str, str], name: str) -> str:
    value = env.get(name, "").rstrip("/")
    if value and not value.startswith(("http://", "https://")):
        raise ConfigError(f"{name} must start with http:// or https://.")
    return value


def _flag(env: Mapping[str, str], name: str) -> bool:
    value = env.get(name, "").lower()
    if value in {"", "0", "no", "false"}:
        return False
    if value in {"1", "yes", "true"}:
        return True
    raise ConfigError(f"{name} must be 1 or 0, not {value!r}.")


def _number(env: Mapping[str, str], name: str, default: int) -> int:
    value = env.get(name, "")
    if not value:
        return default
    if not value.isascii() or not value.isdigit() or int(value) == 0:
        raise ConfigError(f"{name} must be a whole number above 0, not {value!r}.")
    return int(value)


def _count(env: Mapping[str, str], name: str) -> int:
    return 0 if env.get(name, "") in {"", "0"} else _number(env, name, 0)


def _media_key(env: Mapping[str, str], var_dir: Path, secret: str) -> bytes:
    """Return the key from which the keys of recordings are derived.

    Not the key that signs cookies: that one may be changed at any time, while a change of this
    one makes every processed recording unplayable. Where files lie from before it was kept by
    itself, they are under the one that signed cookies then, which stays their key.
    """
    given = env.get("TOMONI_MEDIA_KEY", "")
    if given and len(given) < 32:  # noqa: PLR2004 - 32 characters of a random text
        raise ConfigError("TOMONI_MEDIA_KEY must have at least 32 characters.")
    first = secret if (var_dir / "media").is_dir() else ""
    return (given or _kept_secret(var_dir, "media-key", first)).encode()


def _kept_secret(var_dir: Path, name: str = "secret-key", first: str = "") -> str:
    """Make a secret once (`first`, or a random one) and keep it beside the data.

    Readable by this user only.
    """
    path = var_dir / name
    if not path.exists():
        var_dir.mkdir(parents=True, exist_ok=True)
        handle, part = tempfile.mkstemp(prefix=f"{name}.", dir=var_dir)
        with os.fdopen(handle, "w") as file:
            file.write(first or os.urandom(32).hex())
        with suppress(FileExistsError):  # whoever starts beside us was quicker: theirs it is
            path.hardlink_to(part)
        Path(part).unlink()
    return path.read_text().strip()
