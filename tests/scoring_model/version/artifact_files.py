"""Files of a version that a test changes, with a manifest that fits them again."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path


def booster_of(model: Path) -> Path:
    """Return the booster's file in the folder of a model."""
    return model / "artifacts" / "scorer" / "booster.txt"


def rewrite(model: Path, name: str, edit: Callable[[str], str]) -> None:
    """Change one of the scorer's files, and write its new digest into the manifest."""
    folder = model / "artifacts" / "scorer"
    data = edit((folder / name).read_text(encoding="utf-8")).encode()
    (folder / name).write_bytes(data)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["sha256"][name] = hashlib.sha256(data).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
