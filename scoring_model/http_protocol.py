"""The import path of `HttpProtocol` that commands and documents use."""

from scoring_model.http.protocol import HttpProtocol

__all__ = ["HttpProtocol"]
