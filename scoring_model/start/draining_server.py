"""`DrainingServer`: one worker, which tells its callers to go before it stops."""

import asyncio
import functools
import multiprocessing
import os
import signal
import ssl
import sys
import time
from collections.abc import Callable
from socket import socket
from types import FrameType

from uvicorn import Config, Server
from uvicorn.config import STARTUP_FAILURE

from scoring_model.settings import ServerSettings
from scoring_model.start.options import Options

# seconds to finish the requests in work, after the socket is closed
_FINISH_SECONDS = 8


def _make_config(options: Options, settings: ServerSettings) -> Config:
    """Return uvicorn's configuration for one worker."""
    return Config(
        "scoring_model.asgi:app",
        http="scoring_model.http_protocol:HttpProtocol",
        ws="none",
        lifespan="on",
        # the number of workers is an option: uvicorn would read WEB_CONCURRENCY
        workers=1,
        root_path=options.root_path,
        # the server's own log has a line for each request
        access_log=False,
        log_level="warning",
        server_header=False,
        # a caller is the other end of the connection: no header may name another address
        proxy_headers=False,
        timeout_keep_alive=settings.keep_alive_seconds,
        timeout_graceful_shutdown=_FINISH_SECONDS,
        ssl_certfile=options.ssl_certfile,
        ssl_keyfile=options.ssl_keyfile,
        ssl_ca_certs=options.ssl_ca_certs,
        ssl_cert_reqs=ssl.CERT_REQUIRED if options.ssl_ca_certs else ssl.CERT_NONE,
    )


class DrainingServer(Server):
    """A server of uvicorn that drains on a signal, then closes its socket and ends.

    While it drains, `/ready` answers 503, and every answer closes its connection. A balancer then
    sends new requests to another server, and no request is lost on a connection that is kept open.

    Parameters
    ----------
    options : Options
    settings : ServerSettings
    at_end : callable, optional
        Called before the process ends. Without it, this process is one of several workers: their
        parent passes signals on, and decides when a worker ends at once.
    """

    def __init__(
        self,
        options: Options,
        settings: ServerSettings,
        at_end: Callable[[], None] | None = None,
    ) -> None:
        super().__init__(_make_config(options, settings))
        self._settings = settings
        self._at_end = at_end
        self._closes_at: float | None = None

    async def startup(self, sockets: list[socket] | None = None) -> None:
        """Start the application, then accept connections from the sockets.

        uvicorn's own method has no time limit for the handshake of TLS: a caller that says nothing
        would hold a connection for a minute.
        """
        await self.lifespan.startup()
        if self.lifespan.should_exit:
            sys.exit(STARTUP_FAILURE)
        config = self.config
        make_protocol = functools.partial(
            config.http_protocol_class,  # type: ignore[call-arg]  # uvicorn's take these three
            config=config,
            server_state=self.server_state,
            app_state=self.lifespan.state,
        )
        handshake = self._settings.header_seconds if config.ssl else None
        loop = asyncio.get_running_loop()
        self.servers = [
            await loop.create_server(
                make_protocol,
                sock=opened,
                backlog=config.backlog,
                ssl=config.ssl,
                ssl_handshake_timeout=handshake,
            )
            for opened in sockets or []
        ]
        self.started = True

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to drain; end at once on a second signal."""
        if self._at_end is None and sig == signal.SIGINT:
            # Ctrl+C reaches every process of a terminal, and the parent passes it on
            return
        if self._closes_at is None:
            self._closes_at = time.monotonic() + self._settings.drain_seconds
        elif self._at_end is not None:
            self._leave(128 + sig)

    async def on_tick(self, counter: int) -> bool:
        """Say that the server drains, and close its socket when it has drained."""
        parent = multiprocessing.parent_process()
        if parent is not None and not parent.is_alive():
            # it was killed: without it nobody could stop this worker, which holds the port
            self.handle_exit(signal.SIGTERM, None)
        if self._closes_at is not None:
            self.config.loaded_app.draining = True
            self.should_exit = time.monotonic() >= self._closes_at
        return await super().on_tick(counter)

    async def serve(self, sockets: list[socket] | None = None) -> None:
        """Serve until the end of the process."""
        await super().serve(sockets)
        self._leave(0)

    def _leave(self, status: int) -> None:
        """End the process now: a thread that is still computing could hold it for a minute."""
        if self._at_end is not None:
            self._at_end()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
