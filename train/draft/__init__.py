"""Draft a `portfolio.toml` for a table that nobody has described, and check a written one."""

__all__: list[str] = []
