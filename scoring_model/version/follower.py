"""`Follower`: keeps the server on the version that its URI names, or on the last good one."""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Generic, Literal, TypeVar, cast

from scoring_model.errors import ArtifactError
from scoring_model.settings import ServerSettings
from scoring_model.telemetry import write_event
from scoring_model.version.local_copy import MODEL_FOLDER, LocalCopy
from scoring_model.version.model_uri import can_move, download, find_uri, registry_uri

RETRY_SECONDS = 10
# how long a starting server waits for the registry before it uses the local copy
PATIENCE_SECONDS = 15

Result = TypeVar("Result")
Loaded = TypeVar("Loaded")
Outcome = Literal["swapped", "refused", "unreachable"]
SAID: dict[Outcome, str] = {
    "refused": "a newer version failed its checks: the previous version stays in use",
    "unreachable": "the registry does not answer: the last good version stays in use",
}


class Follower(Generic[Loaded]):
    """Loads versions, swaps them, and falls back to the last good one; one load at a time.

    Parameters
    ----------
    settings : ServerSettings
    load : callable
        Loads and checks the version in a folder. If it raises an error, the version is refused.
    install : callable
        Called with each version that answers from then on.
    count : callable, optional
        Counts each attempt by its outcome.

    Attributes
    ----------
    concern : str
        Why the last refresh failed, for `/ready`. Empty if it did not fail.
    """

    def __init__(
        self,
        settings: ServerSettings,
        load: Callable[[str], Loaded],
        install: Callable[[Loaded], None],
        count: Callable[[Outcome], None] | None = None,
    ) -> None:
        self.concern = ""
        self._settings = settings
        self._load = load
        self._install = install
        self._count = count
        self._uri = ""
        self._refused = ""

    async def run(self) -> None:
        """Load the first version, then follow the URI until cancelled."""
        settings = self._settings
        if Path(settings.model_uri).is_dir():
            await self._serve_folder(settings.model_uri)
            return
        pause = settings.refresh_seconds
        while True:
            await self._refresh()
            if self._uri and not (pause and can_move(settings.model_uri)):
                return
            await asyncio.sleep(pause if self._uri else RETRY_SECONDS)

    async def _serve_folder(self, folder: str) -> None:
        while True:
            try:
                loaded = await asyncio.to_thread(self._load, folder)
            except Exception as error:  # noqa: BLE001  # any error in the content of a file
                self._say("not loaded", error)
                await asyncio.sleep(RETRY_SECONDS)
            else:
                self._swap(loaded, folder)
                return

    async def _refresh(self) -> None:
        """Check the registry once, and use a new version; fall back if the check fails."""
        looking = _in_background(self._look)
        if not self._uri:
            done, _ = await asyncio.wait({looking}, timeout=PATIENCE_SECONDS)
            if not done:
                await self._fall_back("unreachable")
        try:
            found = await looking
        except ArtifactError as error:
            self._say("refused", error)
            await self._fall_back("refused")
        except Exception as error:  # noqa: BLE001  # no driver's error may end the server
            self._say("not refreshed", error)
            await self._fall_back("unreachable")
        else:
            if found is not None:
                self._swap(*found)
            if not self._refused:
                self.concern = ""

    async def _fall_back(self, why: Outcome) -> None:
        self.concern = SAID[why]
        self._record(why)
        if self._uri:
            return
        copy = await asyncio.to_thread(self._load_copy)
        if copy is not None:
            self._swap(copy, "copy")

    def _swap(self, loaded: Loaded, uri: str) -> None:
        self._install(loaded)
        self._uri = uri
        self._record("swapped")

    def _record(self, outcome: Outcome) -> None:
        if self._count is not None:
            self._count(outcome)

    def _say(self, event: str, error: Exception) -> None:
        # only messages of this code: a driver's message may hold an address with its password
        own = isinstance(error, ArtifactError)
        write_event(event, str(error) if own else type(error).__name__)

    # the methods below run in a separate thread

    def _look(self) -> tuple[Loaded, str] | None:
        """Return a new version and its URI, or None if there is none to swap to."""
        uri = find_uri(self._settings.model_uri)
        if uri == self._uri:
            self._refused = ""
            return None
        if uri == self._refused:
            return None
        copy = self._local_copy()
        with copy.stage() as staging:
            model = staging / MODEL_FOLDER
            model.mkdir()
            download(uri, model)
            try:
                loaded = self._load(str(model))
            except Exception as error:
                self._refused = uri
                reason = str(error) if isinstance(error, ArtifactError) else type(error).__name__
                raise ArtifactError(f"{uri}: {reason}") from error
            self._keep(copy, staging)
        self._refused = ""
        return loaded, uri

    def _keep(self, copy: LocalCopy, staging: Path) -> None:
        try:
            copy.keep(staging)
        except OSError as error:
            self._say("not kept", error)

    def _load_copy(self) -> Loaded | None:
        folder = self._local_copy().find()
        if folder is None:
            return None
        try:
            return self._load(str(folder))
        except Exception as error:  # noqa: BLE001  # a copy that cannot be loaded is not used
            self._say("not loaded", error)
            return None

    def _local_copy(self) -> LocalCopy:
        return LocalCopy(self._settings.cache_directory, registry_uri(), self._settings.model_uri)


def _in_background(work: Callable[[], Result]) -> "asyncio.Future[Result]":
    """Run work in its own thread, so that it delays neither requests nor the server's stop."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Result] = loop.create_future()

    def settle(error: BaseException | None, result: Result | None) -> None:
        if future.cancelled():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(cast("Result", result))

    def run() -> None:
        error, result = None, None
        try:
            result = work()
        except Exception as raised:  # noqa: BLE001  # it is raised where the future is awaited
            error = raised
        # the loop is closed if the server ended in the meantime
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(settle, error, result)

    threading.Thread(target=run, name="follower", daemon=True).start()
    return future
