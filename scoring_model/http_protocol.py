"""The address of `HttpProtocol` that commands and documents name."""

from scoring_model.http.protocol import HttpProtocol

__all__ = ["HttpProtocol"]
