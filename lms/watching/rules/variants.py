"""Which renditions a viewer chooses from: pictures by quality, sound alone, sound by language."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

#: Players look the sound of a variant up under this name.
_GROUP = "sound"


@dataclass(frozen=True, slots=True)
class Track:
    """A rendition without its segments.

    `language` (BCP 47) is empty where the sound is the film's own. Bandwidth in bit/s.
    """

    id: str
    name: str
    role: str
    language: str
    bandwidth: int
    codecs: str
    width: int
    height: int

    @property
    def has_picture(self) -> bool:
        """Whether there is something to see."""
        return self.role == "video"


@dataclass(frozen=True, slots=True)
class Sound:
    """The film's sound in one language; `rendition_id` empty where it comes with the picture."""

    language: str
    rendition_id: str
    own: bool


def order_tracks(tracks: Iterable[Track]) -> list[Track]:
    """Return the renditions in the order of quality.

    The first is the one whose segments count: every other is cut like it.
    """
    return sorted(
        tracks,
        key=lambda t: (not t.has_picture, t.language != "", -t.height, -t.bandwidth, t.id),
    )


def list_sounds(tracks: Sequence[Track], language: str) -> list[Sound]:
    """Return the languages of the sound, the film's own (`language`) first."""
    pictures = any(track.has_picture for track in tracks)
    own = [t for t in tracks if not t.has_picture and not t.language]
    others = [t for t in tracks if not t.has_picture and t.language]
    first = [Sound(language, "" if pictures else own[0].id, own=True)] if pictures or own else []
    return [*first, *(Sound(t.language, t.id, own=False) for t in others)]


def choose_sound(sounds: Sequence[Sound], language: str) -> Sound | None:
    """Return the sound for who reads `language`: in it, else in its relatives, else the first.

    An interpreter is not put in the way of who understands the speaker.
    """
    wanted = _primary(language)
    exact = [s for s in sounds if s.language.lower() == language.lower()]
    near = [s for s in sounds if _primary(s.language) == wanted]
    own = [s for s in near if s.own]
    return next(iter([*own, *exact, *near, *sounds]), None)


def render_variants(
    tracks: Sequence[Track],
    sounds: Sequence[Sound],
    preselected: Sound | None,
    name_of: Callable[[Sound], str],
    address_of: Callable[[str], str],
) -> str:
    """Return a multivariant playlist (RFC 8216): qualities, sound alone, sound by language.

    `address_of` gives the address of a rendition's playlist, an absolute path: an address that
    would have to climb out of a token's folder opens nothing.
    """
    lines = ["#EXTM3U", "#EXT-X-VERSION:4", "#EXT-X-INDEPENDENT-SEGMENTS"]
    several = len(sounds) > 1
    for sound in sounds if several else ():
        chosen = "YES" if sound is preselected else "NO"
        media = (
            f'#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="{_GROUP}",NAME="{_quoted(name_of(sound))}",'
            f'LANGUAGE="{_quoted(sound.language)}",DEFAULT={chosen},AUTOSELECT=YES'
        )
        if sound.rendition_id:
            media += f',URI="{address_of(sound.rendition_id)}"'
        lines.append(media)
    extra = max((t.bandwidth for t in tracks if not t.has_picture and t.language), default=0)
    for track in tracks:
        if track.language:
            continue
        about = [f"BANDWIDTH={track.bandwidth + extra}"]
        if track.codecs:
            about.append(f'CODECS="{_quoted(track.codecs)}"')
        if track.has_picture and track.width and track.height:
            about.append(f"RESOLUTION={track.width}x{track.height}")
        if several:
            about.append(f'AUDIO="{_GROUP}"')
        lines += [f"#EXT-X-STREAM-INF:{','.join(about)}", address_of(track.id)]
    return "\n".join(lines) + "\n"


def _primary(tag: str) -> str:
    return tag.split("-", 1)[0].lower()


def _quoted(text: str) -> str:
    """Return a text that may stand between quotation marks in a playlist."""
    return "".join(c for c in text if c not in '"\r\n')
