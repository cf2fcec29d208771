"""`allow_connections`: how many connections the system's limit of open files leaves."""

# for model files, logs, databases, child processes, and connections that are just being accepted
RESERVED_FILES = 200


def allow_connections(wanted: int) -> int:
    """Return how many connections a worker may hold open.

    Parameters
    ----------
    wanted : int
        `MAX_CONNECTIONS`.

    Returns
    -------
    int
        Fewer than wanted if the process may not open so many files (`ulimit -n`).
    """
    # Windows, where a version may be scored too, has no such module
    import resource

    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if files == resource.RLIM_INFINITY:
        return wanted
    return min(wanted, max(files - RESERVED_FILES, files // 2))
