"""`Follower`: keeps the server on the version that its URI names, or on the last good one."""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Generic, Literal, TypeVar, cast

from scoring_model.errors import ArtifactError
from scoring_model.settings import ServerSettings
from scoring_model.telemetry import write_event
from scoring_model.version.failures import (
    REFUSED,
    SLOW,
    Unreachable,
    describe_failure,
    explain_failure,
    may_pass,
    named_failures,
)
from scoring_model.version.local_copy import MODEL_FOLDER, LocalCopy
from scoring_model.version.model_uri import (
    can_move,
    describe_source,
    download,
    find_folder,
    find_uri,
    registry_uri,
)

# a failure that may pass is tried again after one second, then after twice as long each time
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 60.0
# how long a starting server waits for the newest version before it uses the local copy
PATIENCE_SECONDS = 15

Result = TypeVar("Result")
Loaded = TypeVar("Loaded")
Outcome = Literal["swapped", "refused", "unreachable"]
_STAYS = ": the last good version stays in use"


class Follower(Generic[Loaded]):
    """Loads versions, swaps them, and falls back to the last good one; one load at a time.

    A version whose files are complete and fail a check is refused until the URI names another one.
    Every other failure may pass, so it is tried again with growing pauses.

    Parameters
    ----------
    settings : ServerSettings
    load : callable
        Loads and checks the version in a folder. `IncompleteVersion` and `OSError` are failures
        that may pass; any other error refuses the version.
    install : callable
        Called with each version that answers from then on.
    count : callable, optional
        Counts each attempt by its outcome.
    about : str
        Says in the log what the version is for.

    Attributes
    ----------
    concern : str
        Why the last attempt failed, for `/ready`. Empty if it did not fail.
    """

    def __init__(
        self,
        settings: ServerSettings,
        load: Callable[[str], Loaded],
        install: Callable[[Loaded], None],
        count: Callable[[Outcome], None] | None = None,
        about: str = "",
    ) -> None:
        self.concern = ""
        self._settings = settings
        self._load = load
        self._install = install
        self._record = count or (lambda _outcome: None)
        self._about = f"{about}: " if about else ""
        self._uri = self._refused = ""

    async def run(self) -> None:
        """Load the first version, then follow the URI until cancelled."""
        settings = self._settings
        follows = settings.refresh_seconds and can_move(settings.model_uri)
        failures = 0
        while True:
            folder = find_folder(settings.model_uri)
            is_there = folder is not None and folder.is_dir()
            done = await (self._serve_folder(str(folder)) if is_there else self._refresh())
            failures = 0 if done else failures + 1
            if self._uri and done and not follows:
                return
            await asyncio.sleep(self._pause(failures))

    def _pause(self, failures: int) -> float:
        """Return the seconds to the next attempt."""
        usual = float(self._settings.refresh_seconds) or LONGEST_PAUSE_SECONDS
        if not failures:
            return usual
        doubled = FIRST_PAUSE_SECONDS * 2.0 ** min(failures - 1, 10)
        return min(doubled, usual, LONGEST_PAUSE_SECONDS)

    async def _serve_folder(self, folder: str) -> bool:
        """Load the folder that the URI names; return whether it is in use."""
        try:
            loaded = await _in_background(lambda: self._load(folder))
        except Exception as error:  # noqa: BLE001  # any error in the content of a file
            self._say("not loaded", error, self._settings.model_uri)
            self.concern = explain_failure(error)
            return False
        self.concern = ""
        self._swap(loaded, folder)
        return True

    async def _refresh(self) -> bool:
        """Check the registry once, and use a new version; return False to try again soon."""
        looking = _in_background(self._look)
        if not self._uri:
            done, _ = await asyncio.wait({looking}, timeout=PATIENCE_SECONDS)
            if not done:
                await self._fall_back("unreachable", SLOW)
        try:
            found = await looking
        except Exception as error:  # noqa: BLE001  # no driver's error may end the server
            if may_pass(error):
                self._say("not refreshed", error, self._settings.model_uri)
                await self._fall_back("unreachable", explain_failure(error))
                return False
            self._say("refused", error)
            await self._fall_back("refused", REFUSED)
        else:
            if found is not None:
                self._swap(*found)
            self.concern = self._worry(REFUSED) if self._refused else ""
        return True

    async def _fall_back(self, outcome: Outcome, why: str) -> None:
        self._record(outcome)
        self.concern = self._worry(why)
        if not self._uri and (copy := await _in_background(self._load_copy)) is not None:
            self._swap(copy, "copy")
            self.concern = self._worry(why)

    def _worry(self, why: str) -> str:
        """Return the text of `concern`: there may be no version that could stay in use."""
        return f"{why}{_STAYS}" if self._uri else why

    def _swap(self, loaded: Loaded, uri: str) -> None:
        self._install(loaded)
        self._uri = uri
        self._record("swapped")

    def _say(self, event: str, error: Exception, uri: str = "") -> None:
        source = f"{describe_source(uri)}: " if uri else ""
        write_event(event, f"{self._about}{source}{describe_failure(error)}")

    # the methods below run in a separate thread

    def _look(self) -> tuple[Loaded, str] | None:
        """Return a new version and its URI, or None if there is none to swap to."""
        with named_failures(self._settings.model_uri):
            uri = find_uri(self._settings.model_uri)
        if uri == self._uri:
            self._refused = ""
            return None
        if uri == self._refused:
            return None
        copy = self._local_copy()
        with contextlib.ExitStack() as stack:
            try:
                staging = _fetch(stack, copy, uri)
                loaded = self._load(str(staging / MODEL_FOLDER))
            except Exception as error:
                if may_pass(error):
                    raise
                self._refused = uri
                named = f"{uri}: " if uri.startswith("models:/") else ""
                raise ArtifactError(f"{named}{describe_failure(error)}") from error
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


def _fetch(stack: contextlib.ExitStack, copy: LocalCopy, uri: str) -> Path:
    """Download a version, and return the folder with its `MODEL_FOLDER`."""
    try:
        return _download_to(stack.enter_context(copy.stage()), uri)
    except Unreachable:
        # the disk of the copies may be full, and an ordinary temporary folder elsewhere
        temporary = TemporaryDirectory(ignore_cleanup_errors=True)
        return _download_to(Path(stack.enter_context(temporary)), uri)


def _download_to(staging: Path, uri: str) -> Path:
    with named_failures(uri):
        (staging / MODEL_FOLDER).mkdir()
        download(uri, staging / MODEL_FOLDER)
    return staging


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
