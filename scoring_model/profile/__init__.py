"""The profile: what a version keeps of its training rows, in numbers about groups of them."""

__all__: list[str] = []
