"""Arrays that are freed and made again reuse memory."""

import platform
import subprocess
import sys

import pytest

PROGRAM = """
import resource, numpy as np
import phiml_core.backend
def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(10):
        [np.ones(250_000) for _ in range(8)]  # more than the allocator keeps of itself, which is twice the largest
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
faults()
print(faults())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="about the allocator of GNU libc")
def test_freed_arrays_are_reused():
    found = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True).stdout
    assert int(found) < 2000, "each of 80 arrays of 489 pages was mapped anew"
