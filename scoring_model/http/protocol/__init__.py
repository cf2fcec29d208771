"""The HTTP protocol of uvicorn with a fast path for single applicants."""

from scoring_model.http.protocol.http_protocol import HttpProtocol

__all__ = ["HttpProtocol"]
