"""`LocalCopy`: a copy of the last good version on this machine, with the digest of each file."""

import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

DIGESTS_FILE = "sha256.json"
MODEL_FOLDER = "model"
_CURRENT, _STAGING = "current", "staging-"
# leftovers of a killed process are removed after this time
_STALE_SECONDS = 3600.0


class LocalCopy:
    """One version of one model URI in a folder of this machine.

    Parameters
    ----------
    root : Path
        Folder of all copies. It is created with the first copy.
    *uris : str
        URIs of the registry and the model. Each pair has its own copy.
    """

    def __init__(self, root: Path, *uris: str) -> None:
        name = hashlib.sha256("\n".join(uris).encode()).hexdigest()[:16]
        self._folder = root / name

    @contextmanager
    def stage(self) -> Iterator[Path]:
        """Yield a folder to download to, on the disk of the copies, and remove it at the end.

        If no copies can be stored on this machine, the folder is an ordinary temporary one.
        """
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            staging = TemporaryDirectory(
                prefix=_STAGING, dir=self._folder, ignore_cleanup_errors=True
            )
        except OSError:
            staging = TemporaryDirectory(ignore_cleanup_errors=True)
        with staging as name:
            yield Path(name)

    def keep(self, staging: Path) -> None:
        """Make the staged version the copy, in one step; raises `OSError` if that is impossible."""
        model = staging / MODEL_FOLDER
        (staging / DIGESTS_FILE).write_text(json.dumps(_digests(model)), encoding="utf-8")
        place = self._folder / f"{os.getpid()}-{time.time_ns()}"
        place.mkdir()
        try:
            for path in (model, staging / DIGESTS_FILE):
                path.rename(place / path.name)
        except OSError:
            shutil.rmtree(place, ignore_errors=True)
            raise
        pointer = self._folder / f"{_STAGING}{place.name}"
        pointer.write_text(place.name, encoding="utf-8")
        pointer.replace(self._folder / _CURRENT)
        self._clear(place)

    def find(self) -> Path | None:
        """Return the folder of the copied model, or None if a file is missing or altered."""
        try:
            place = self._folder / (self._folder / _CURRENT).read_text(encoding="utf-8")
            kept = json.loads((place / DIGESTS_FILE).read_text(encoding="utf-8"))
            return place / MODEL_FOLDER if _digests(place / MODEL_FOLDER) == kept else None
        except (OSError, ValueError):
            return None

    def _clear(self, place: Path) -> None:
        for path in self._folder.iterdir():
            if path.name in (_CURRENT, place.name):
                continue
            age = time.time() - path.stat().st_mtime
            if not path.name.startswith(_STAGING) or age > _STALE_SECONDS:
                shutil.rmtree(path, ignore_errors=True)


def _digests(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file under a folder, by its path relative to the folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }
