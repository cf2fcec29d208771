"""uvicorn's HTTP protocol with a short way for single applicants."""

from scoring_model.http.protocol.http_protocol import HttpProtocol

__all__ = ["HttpProtocol"]
