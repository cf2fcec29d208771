"""`lower_priority`: a child process leaves the processor to the server at once."""

import ctypes
import os
import platform
import struct
import sys

_NICENESS = 10
_SLICE_NANOSECONDS = 100_000
# number of the system call, for which Python has no function
_SCHED_SETATTR = {"x86_64": 314, "aarch64": 274}
# size, policy, flags, niceness, priority, runtime, deadline, period
_ATTRIBUTES = struct.Struct("=IIQiIQQQ")


def lower_priority() -> None:
    """Give this process a small share of the processor, in short slices.

    With niceness alone it would still keep a core for several milliseconds at a time, and single
    applicants are answered in a fraction of one. Linux has short slices since version 6.12; an
    older one ignores them.
    """
    os.nice(_NICENESS)
    number = _SCHED_SETATTR.get(platform.machine())
    if sys.platform != "linux" or number is None:
        return
    fields = (_ATTRIBUTES.size, os.SCHED_OTHER, 0, _NICENESS, 0, _SLICE_NANOSECONDS, 0, 0)
    # if the system refuses, niceness must do
    ctypes.CDLL(None).syscall(number, 0, _ATTRIBUTES.pack(*fields), 0)
