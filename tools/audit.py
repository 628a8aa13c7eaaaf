"""Audit what the repository may hold: pinned and hashed dependencies, no addresses, no strays."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = [
    "requirements.lock",
    "requirements-s3.lock",
    "requirements-dev.lock",
    "requirements-uv.lock",
    "requirements-node.lock",
]
PIN = re.compile(r"^([A-Za-z0-9._-]+)(\[[^\]]+\])?==\S+")


def faults_of_locks() -> list[str]:
    faults = []
    for name in LOCKS:
        lines = (ROOT / name).read_text().splitlines()
        for number, line in enumerate(lines, 1):
            if "://" in line or "index-url" in line:
                faults.append(f"{name}:{number}: names an address")
            if line and not line[0].isspace():
                following = lines[number] if number < len(lines) else ""
                if not PIN.match(line):
                    faults.append(f"{name}:{number}: not pinned to one version")
                elif "--hash=sha256:" not in following:
                    faults.append(f"{name}:{number}: has no hash")
    if "resolved" in (ROOT / "package-lock.json").read_text():
        faults.append("package-lock.json: names where packages came from")
    return faults


def faults_of_files() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    faults = []
    for name in filter(None, listed.split("\0")):
        path = ROOT / name
        if not path.is_file():
            continue
        if re.search(r"\.(min\.js|min\.css|woff2?|ttf|otf|mo)$", name):
            faults.append(f"{name}: third-party or made files are installed, not committed")
        if path.stat().st_size > 1_000_000:
            faults.append(f"{name}: larger than 1 MB")
    return faults


if __name__ == "__main__":
    found = faults_of_locks() + faults_of_files()
    print("\n".join(found) if found else f"audit: {len(LOCKS)} lock files and the tree are clean")
    sys.exit(1 if found else 0)
