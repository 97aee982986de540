"""Memory that the C library keeps for arrays instead of returning it to the system."""

import numpy as np

__all__ = ["keep_freed_memory"]

_LARGEST = (32 << 20) - 8192
"""Bytes of the largest array that the allocator of GNU libc can learn from."""


def keep_freed_memory() -> None:
    """Let freed arrays of up to 32 MiB be reused, and keep up to 64 MiB of freed memory in the process.

    The allocator of GNU libc maps anew each array that is larger than any freed before, and gives freed memory back as soon as it is
    twice that.  Every page of such an array is cleared by the system when it is first written to, which takes longer than to compute
    with it: a step of a 256² smoke plume runs 1.7 times faster without.  Here it sees a large array being freed, which is never
    written to and costs nothing.  Other allocators do not mind.  The variables MALLOC_MMAP_THRESHOLD_ and MALLOC_TRIM_THRESHOLD_
    of the environment take precedence.
    """
    np.empty(_LARGEST, np.uint8)
