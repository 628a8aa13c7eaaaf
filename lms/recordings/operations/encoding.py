"""Running ffmpeg: reading what a file is, and making one rendition of it.

Everything here works on files of this machine, outside any transaction.
"""

import shutil
import subprocess
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

from lms.recordings.errors import MediaFault, MediaFaultError
from lms.recordings.rules import (
    SEGMENT_SECONDS,
    MediaFacts,
    Shape,
    parse_media,
    parse_progress,
)

_PROBE_SECONDS = 60
#: Containers that are read. A play list or a script, which could name other files of this
#: machine or of the network, is none of them; `file` is the only protocol.
_CONTAINERS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,asf,flv,ogg,mp3,wav,flac,aac"
_READ_ONLY = ("-protocol_whitelist", "file", "-format_whitelist", _CONTAINERS)
_AUDIO_RATE = 48_000
PLAYLIST = "index.m3u8"

#: Called with how far the encoding is in ms; raises to stop it.
Report = Callable[[int], None]


@cache
def ffmpeg_path() -> str:
    """Return the machine's own ffmpeg, else the one that came with us."""
    found = shutil.which("ffmpeg")
    if found:
        return found
    import imageio_ffmpeg  # noqa: PLC0415 - only where something is encoded

    return str(imageio_ffmpeg.get_ffmpeg_exe())


def _command(*arguments: str) -> list[str]:
    return [ffmpeg_path(), "-hide_banner", "-nostdin", *arguments]


def _source(path: Path) -> tuple[str, ...]:
    return (*_READ_ONLY, "-i", f"file:{path}")


def probe(path: Path) -> MediaFacts | None:
    """Return what a file holds, judged by its content; None when it is no medium we read.

    Raises MediaFaultError (BROKEN) when the file says what it is but cannot be opened.
    """
    try:
        told = subprocess.run(  # noqa: S603 - a fixed program; the path is made by us
            _command(*_source(path)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=_PROBE_SECONDS,
            check=False,
        ).stderr.decode("utf-8", "replace")
    except subprocess.TimeoutExpired:
        raise MediaFaultError(MediaFault.BROKEN) from None
    facts = parse_media(told)
    if facts is None and "moov atom not found" in told and "low score" not in told:
        raise MediaFaultError(MediaFault.BROKEN)
    return facts


def encode(
    path: Path,
    folder: Path,
    facts: MediaFacts,
    shape: Shape,
    report: Report,
    *,
    hold_ms: int = 0,
) -> int:
    """Make plain segments and their playlist in `folder`; return the length made, in ms.

    Key frames stand at every segment's beginning; the last picture is held for `hold_ms`
    more. Sound becomes stereo AAC; a file without sound stays silent. Raises MediaFaultError
    (BROKEN) when ffmpeg gives up.
    """
    video = facts.video
    if video is None:
        raise MediaFaultError(MediaFault.NO_PICTURE)
    sound = (
        ("-map", "0:a:0", "-c:a", "aac", "-b:a", "96k", "-ac", "2", "-ar", str(_AUDIO_RATE))
        if facts.has_audio
        else ("-an",)
    )
    picture = (
        f"yadif=deint=interlaced,scale={shape.width}:{shape.height},setsar=1,"
        f"fps={shape.fps:g},format=yuv420p,"
        f"tpad=stop_mode=clone:stop_duration={hold_ms}ms"
    )
    return _run(
        _command(
            *("-loglevel", "error", "-progress", "pipe:1", "-nostats", "-y"),
            *_source(path),
            *("-map", f"0:{video.index}", "-vf", picture),
            *("-c:v", "libx264", "-preset", "veryfast", "-crf", "23"),
            *("-profile:v", "main", "-level:v", "3.1", "-maxrate", "2500k", "-bufsize", "5000k"),
            *("-force_key_frames", f"expr:gte(t,n_forced*{SEGMENT_SECONDS})"),
            *("-sc_threshold", "0", "-g", str(round(shape.fps * SEGMENT_SECONDS))),
            *sound,
            *("-sn", "-dn", "-map_metadata", "-1", "-map_chapters", "-1"),
            *("-f", "hls", "-hls_time", str(SEGMENT_SECONDS), "-hls_playlist_type", "vod"),
            *("-hls_segment_type", "mpegts", "-hls_list_size", "0"),
            *("-hls_segment_filename", str(folder / "%05d.ts"), str(folder / PLAYLIST)),
        ),
        report,
    )


def _run(command: Sequence[str], report: Report) -> int:
    made = 0
    process = subprocess.Popen(  # noqa: S603 - a fixed program; the paths are made by us
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        for line in process.stdout:
            position = parse_progress(line)
            if position is not None:
                made = max(made, position)
                report(made)
        if process.wait() != 0:
            raise MediaFaultError(MediaFault.BROKEN)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()
    return made


def take_picture(path: Path, target: Path, facts: MediaFacts, shape: Shape, at_ms: int) -> bool:
    """Write one frame as JPEG; tell whether there is one."""
    if facts.video is None:
        return False
    for position in dict.fromkeys((at_ms, 0)):  # near a broken end there may be no frame
        subprocess.run(  # noqa: S603 - a fixed program; the paths are made by us
            _command(
                *("-loglevel", "error", "-y", "-ss", f"{position / 1000:.3f}"),
                *_source(path),
                *("-map", f"0:{facts.video.index}", "-frames:v", "1"),
                *("-vf", f"scale={shape.width}:{shape.height},setsar=1,format=yuvj420p"),
                *("-q:v", "4", "-update", "1", "-f", "image2", str(target)),
            ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_PROBE_SECONDS,
            check=False,
        )
        if target.is_file() and target.stat().st_size:
            return True
    return False


def encrypt(data: bytes, key: bytes, iv: bytes) -> bytes:
    """Return data under AES-128-CBC with PKCS#7 padding, as HLS wants (RFC 8216, 4.3.2.4)."""
    from cryptography.hazmat.primitives import padding  # noqa: PLC0415 - heavy, worker only
    from cryptography.hazmat.primitives.ciphers import (  # noqa: PLC0415 - heavy, worker only
        Cipher,
        algorithms,
        modes,
    )

    padder = padding.PKCS7(algorithms.AES128.block_size).padder()
    encryptor = Cipher(algorithms.AES128(key), modes.CBC(iv)).encryptor()
    return encryptor.update(padder.update(data) + padder.finalize()) + encryptor.finalize()
