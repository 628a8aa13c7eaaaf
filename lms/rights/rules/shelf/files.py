"""Which file belongs to which item: by name, never by a similar one."""

import unicodedata
from collections.abc import Iterable, Mapping


def file_key(name: str) -> str:
    """Return the form in which file names are compared.

    Slashes of either kind; width and case alike; marks joined to their letters, because some
    systems hand them over apart.
    """
    path = unicodedata.normalize("NFKC", name.replace("\\", "/")).casefold()
    return "/".join(part.strip() for part in path.split("/") if part.strip() not in ("", "."))


def match_files(
    names: Iterable[str], waiting: Iterable[tuple[str, str]]
) -> Mapping[str, tuple[str, ...]]:
    """Return for each file name the items that wait for it: one, or none, or several.

    `waiting` are (item, file key). A name fits where one of both is the end of the other, so
    that a path written in the sheet finds a file that came without its folder.
    """
    by_end: dict[str, list[tuple[str, str]]] = {}
    for item, key in waiting:
        if key:
            by_end.setdefault(key.rsplit("/", 1)[-1], []).append((item, key))
    found: dict[str, tuple[str, ...]] = {}
    for name in names:
        key = file_key(name)
        near = by_end.get(key.rsplit("/", 1)[-1], []) if key else []
        exact = [item for item, other in near if other == key]
        ends = [
            item for item, other in near if f"/{key}".endswith(f"/{other}") or
            f"/{other}".endswith(f"/{key}")
        ]  # fmt: skip
        found[name] = tuple(exact or ends)
    return found
