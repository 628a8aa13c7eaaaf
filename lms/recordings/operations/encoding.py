"""Running ffmpeg: reading what a file is, and making plain segments of it.

Everything here works on files of this machine, outside any transaction. Every rendition has the
same clock: the first moment of the film lies at the same time stamp in all of them, so that a
player may go from one to the other, and cut at the same moments.
"""

import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from pathlib import Path

from lms.recordings.errors import MediaFault, MediaFaultError
from lms.recordings.rules import (
    LOW_NAME,
    SEGMENT_SECONDS,
    MediaFacts,
    Shape,
    parse_media,
    parse_playlist,
    parse_progress,
    parse_segment_list,
)

_PROBE_SECONDS = 60
#: Containers that are read. A play list or a script, which could name other files of this
#: machine or of the network, is none of them; `file` is the only protocol.
_CONTAINERS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,asf,flv,ogg,mp3,wav,flac,aac,"
    "aiff,caf,amr"
)
_READ_ONLY = ("-protocol_whitelist", "file", "-format_whitelist", _CONTAINERS)
_AUDIO_RATE = 48_000
#: Pages come first: a film may take a little longer.
_NICENESS = "10"
#: Decoders begin a little before the first picture and sound. Without an offset ffmpeg moves
#: each rendition by another length to keep stamps above zero.
_OFFSET_S = 1
#: What the MPEG-TS muxer adds to every stamp.
_MUX_DELAY_S = 1.4
#: Sound goes on a little behind the last picture, so that it never lacks the last segment.
_TAIL_S = 0.05
PLAYLIST = "index.m3u8"
_LIST = "index.csv"

#: Called with how far the encoding is in ms; raises to stop it.
Report = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class SoundPlan:
    """How the sound of a file is cut into segments.

    `borders_ms` are the lengths of another rendition's segments: it is cut at the same
    moments, and padded or cut to their sum. None: every six seconds, as long as it is.
    `shift_ms` is how much later than the film it begins; kbit/s.
    """

    borders_ms: Sequence[int] | None = None
    shift_ms: int = 0
    kbits: int = 64


@cache
def ffmpeg_path() -> str:
    """Return the machine's own ffmpeg, else the one that came with us."""
    found = shutil.which("ffmpeg")
    if found:
        return found
    import imageio_ffmpeg  # noqa: PLC0415 - only where something is encoded

    return str(imageio_ffmpeg.get_ffmpeg_exe())


@cache
def _gently() -> tuple[str, ...]:
    """Return what begins a command that gives way to others and ends with its worker.

    A worker that is killed cannot end what it started: the kernel does, where it is asked to.
    """
    setpriv, nice = shutil.which("setpriv"), shutil.which("nice")
    ends = (setpriv, "--pdeathsig", "KILL", "--") if setpriv else ()
    return (*ends, nice, "-n", _NICENESS) if nice else ends


def _command(*arguments: str) -> list[str]:
    return [ffmpeg_path(), "-hide_banner", "-nostdin", *arguments]


def _source(path: Path) -> tuple[str, ...]:
    return (*_READ_ONLY, "-i", f"file:{path}")


def _quietly(path: Path, *before: str) -> list[str]:
    told = ("-loglevel", "error", "-progress", "pipe:1", "-nostats", "-y")
    return _command(*told, *before, *_source(path))


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
    shapes: Sequence[Shape],
    report: Report,
    *,
    hold_ms: int = 0,
) -> int:
    """Make plain segments of each shape in `folder`/its name; return the length made, in ms.

    The film is decoded once. Key frames stand at every segment's beginning, in all shapes at
    the same moments; the last picture is held for `hold_ms` more. Sound becomes stereo AAC; a
    film without sound stays silent. Raises MediaFaultError (BROKEN) when ffmpeg gives up.
    """
    if facts.video is None:
        raise MediaFaultError(MediaFault.NO_PICTURE)
    outputs: list[str] = []
    for place, shape in enumerate(shapes):
        target = folder / shape.name
        target.mkdir(exist_ok=True)
        outputs += ["-map", f"[v{place}]", *_picture(shape)]
        outputs += _sound(facts, 64 if shape.name == LOW_NAME else 96)
        outputs += ["-sn", "-dn", "-map_metadata", "-1", "-map_chapters", "-1"]
        outputs += ["-output_ts_offset", str(_OFFSET_S), "-f", "hls"]
        outputs += ["-hls_time", str(SEGMENT_SECONDS), "-hls_playlist_type", "vod"]
        outputs += ["-hls_segment_type", "mpegts", "-hls_list_size", "0"]
        outputs += ["-hls_segment_filename", str(target / "%05d.ts"), str(target / PLAYLIST)]
    graph = _graph(facts.video.index, shapes, hold_ms)
    return _run([*_quietly(path), "-filter_complex", graph, *outputs], report)


def _graph(index: int, shapes: Sequence[Shape], hold_ms: int) -> str:
    """Return the filter that makes every shape's picture of one decoded film.

    `fps` evens out a variable rate; from the first moment on, so that a picture that begins
    after the sound does not move.
    """
    ends = "".join(f"[s{place}]" for place in range(len(shapes)))
    first = (
        f"[0:{index}]yadif=deint=interlaced,fps={shapes[0].fps:g}:start_time=0,"
        f"tpad=stop_mode=clone:stop_duration={hold_ms}ms,split={len(shapes)}{ends}"
    )
    scaled = (
        f"[s{place}]scale={shape.width}:{shape.height},setsar=1,format=yuv420p[v{place}]"
        for place, shape in enumerate(shapes)
    )
    return ";".join((first, *scaled))


def _picture(shape: Shape) -> tuple[str, ...]:
    quality, level, peak = ("28", "3.0", 350) if shape.name == LOW_NAME else ("23", "3.1", 2500)
    return (
        *("-c:v", "libx264", "-preset", "veryfast", "-crf", quality),
        *("-profile:v", "main", "-level:v", level),
        *("-maxrate", f"{peak}k", "-bufsize", f"{2 * peak}k"),
        *("-force_key_frames", f"expr:gte(t,n_forced*{SEGMENT_SECONDS})"),
        *("-sc_threshold", "0", "-g", str(round(shape.fps * SEGMENT_SECONDS))),
    )


def _aac(kbits: int) -> tuple[str, ...]:
    return ("-c:a", "aac", "-b:a", f"{kbits}k", "-ac", "2", "-ar", str(_AUDIO_RATE))


def _sound(facts: MediaFacts, kbits: int) -> tuple[str, ...]:
    if not facts.has_audio:
        return ("-an",)
    # Gaps in the sound become silence, so that it stays with the picture.
    even = ("-af", f"aresample={_AUDIO_RATE}:async=1:first_pts=0")
    return ("-map", "0:a:0", *even, *_aac(kbits))


def encode_sound(path: Path, folder: Path, plan: SoundPlan, report: Report) -> int:
    """Make plain segments of a file's sound in `folder`; return the length made, in ms.

    Raises MediaFaultError (BROKEN) when ffmpeg gives up.
    """
    folder.mkdir(exist_ok=True)
    filters = [f"aresample={_AUDIO_RATE}:async=1:first_pts=0"]
    if plan.shift_ms > 0:
        filters.append(f"adelay={plan.shift_ms}:all=1")
    elif plan.shift_ms < 0:
        filters.append(f"atrim=start={-plan.shift_ms}ms,asetpts=PTS-STARTPTS")
    length: tuple[str, ...] = ()
    cuts = ("-segment_time", str(SEGMENT_SECONDS))
    if plan.borders_ms is not None:
        *inner, end = accumulate(plan.borders_ms)
        filters.append("apad")
        length = ("-t", f"{end / 1000 + _TAIL_S:.3f}")
        # One border that is never reached, where there is a single segment.
        cuts = ("-segment_times", ",".join(f"{at / 1000:.3f}" for at in inner or [2 * end]))
    return _run(
        [
            *_quietly(path),
            *("-map", "0:a:0", "-vn", "-sn", "-dn", "-af", ",".join(filters)),
            *(*_aac(plan.kbits), *length, "-map_metadata", "-1", "-map_chapters", "-1"),
            *("-output_ts_offset", str(_OFFSET_S), "-f", "segment"),
            *("-segment_format", "mpegts", *cuts),
            *("-segment_list", str(folder / _LIST), "-segment_list_type", "csv"),
            str(folder / "%05d.ts"),
        ],
        report,
    )


def list_segments(folder: Path) -> list[tuple[str, int]]:
    """Return names and lengths in ms of the plain segments made in a folder, in order."""
    if (folder / PLAYLIST).is_file():
        return parse_playlist((folder / PLAYLIST).read_text())
    if (folder / _LIST).is_file():
        return parse_segment_list((folder / _LIST).read_text(), _OFFSET_S * 1000)
    return []


def cut_film(path: Path, target: Path, kept: Sequence[tuple[int, int]] | None, facts: MediaFacts,
             report: Report) -> None:  # fmt: skip
    """Make one MP4 of the ranges `kept` (ms) of a film put together from plain segments.

    `kept` None: the whole, as it is, without encoding it again. Exact to the frame: what lies
    outside is decoded and dropped. The index stands in front. Raises MediaFaultError (BROKEN).
    """
    end = ("-map_metadata", "-1", "-map_chapters", "-1", "-movflags", "+faststart", "-f", "mp4")
    if kept is None:
        streams = ("-map", "0:v?", "-map", "0:a?", "-c", "copy", "-bsf:a", "aac_adtstoasc")
        _run([*_quietly(path), *streams, *end, str(target)], report)
        return
    # Half a frame of air against rounding: a frame belongs to the range its beginning is in.
    chosen = "+".join(f"gte(t,{a / 1000:.4f}-0.0005)*lt(t,{b / 1000:.4f}-0.0005)" for a, b in kept)
    start = f"PTS-{_OFFSET_S + _MUX_DELAY_S}/TB"
    graph, maps = [], []
    if facts.video is not None:
        rate = f"{facts.video.fps or 25:g}"
        graph.append(f"[0:v]setpts={start},select='{chosen}',setpts=N/({rate}*TB)[v]")
        maps += ["-map", "[v]", "-c:v", "libx264", "-preset", "veryfast", "-crf", "21"]
        maps += ["-profile:v", "main", "-pix_fmt", "yuv420p", "-r", rate]
    if facts.has_audio:
        pieces = "".join(f"[p{place}]" for place in range(len(kept)))
        graph.append(f"[0:a]asetpts={start},asplit={len(kept)}{pieces}")
        for place, (a, b) in enumerate(kept):
            graph.append(
                f"[p{place}]atrim=start={a}ms:end={b}ms,asetpts=PTS-STARTPTS,"
                f"apad,atrim=end={b - a}ms[q{place}]"
            )
        ends = "".join(f"[q{place}]" for place in range(len(kept)))
        graph.append(f"{ends}concat=n={len(kept)}:v=0:a=1[a]")
        maps += ["-map", "[a]", *_aac(96)]
    command = [*_quietly(path, "-copyts"), "-filter_complex", ";".join(graph), *maps]
    _run([*command, *end, str(target)], report)


def _run(command: Sequence[str], report: Report) -> int:
    made = 0
    process = subprocess.Popen(  # noqa: S603 - a fixed program; the paths are made by us
        [*_gently(), *command],
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


def decrypt(data: bytes, key: bytes, iv: bytes) -> bytes:
    """Return what `encrypt` was given. Raises ValueError for what was not made with the key."""
    from cryptography.hazmat.primitives import padding  # noqa: PLC0415 - heavy, worker only
    from cryptography.hazmat.primitives.ciphers import (  # noqa: PLC0415 - heavy, worker only
        Cipher,
        algorithms,
        modes,
    )

    unpadder = padding.PKCS7(algorithms.AES128.block_size).unpadder()
    decryptor = Cipher(algorithms.AES128(key), modes.CBC(iv)).decryptor()
    plain = decryptor.update(data) + decryptor.finalize()
    return unpadder.update(plain) + unpadder.finalize()
