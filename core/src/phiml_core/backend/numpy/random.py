"""Random bits for NumPy, equal bit for bit to those of every other backend.

Threefry-2x32 with 20 rounds (Salmon et al. 2011) in counter mode: the bits are a pure function of the key, so they are
the same eager and compiled, and in any order of calls. Block i encrypts the counter (i mod 2³², i div 2³²) to two
words; the words follow each other, block by block: a longer draw begins with the shorter one.

Recipes for numbers from bits, in operations that every backend has:

- float32, uniform in [0, 1): one word a number, `(bits >> 8) · 2⁻²⁴` (24 bits; exact).
- float64, uniform in [0, 1): two words, `((bits[0::2] >> 5) · 2²⁶ + (bits[1::2] >> 6)) · 2⁻⁵³` (53 bits; exact;
  the two words are converted to float64 before they are added).
- normal (Box & Muller 1958): with u, v the uniform numbers 2i and 2i + 1 and r = sqrt(−2 log(1 − u)), the normal
  numbers 2i and 2i + 1 are r cos 2πv and r sin 2πv. 1 − u is never zero. The tail ends at 5.8 (float32), 8.6 (float64).
"""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["random_bits"]

ROTATIONS = (13, 15, 26, 6), (17, 29, 16, 24)
PARITY = 0x1BD11BDA
BLOCKS_AT_ONCE = 8192  # what fits the first-level cache


def random_bits(place: Any, key: tuple[Any, Any], count: int) -> np.ndarray:
    """`count` random words.

    Args:
        place: not used; a backend.
        key: two words, Python ints or arrays of equal shape (one stream of bits for each of their elements).
        count: number of words, ≥ 0, even or odd.

    Returns:
        uint32, shape of the key's arrays + (count,).

    Raises:
        ValueError: negative count.
    """
    if count < 0:
        raise ValueError(f"Cannot draw {count} random words, expected a count of 0 or more.")
    k0, k1 = (_word(k)[..., None] for k in key)
    blocks = (count + 1) // 2
    words = np.empty((*np.broadcast_shapes(k0.shape, k1.shape)[:-1], blocks, 2), np.uint32)
    for start in range(0, blocks, BLOCKS_AT_ONCE):
        counter = np.arange(start, min(blocks, start + BLOCKS_AT_ONCE), dtype=np.uint64)
        x0, x1 = threefry(k0, k1, counter.astype(np.uint32), (counter >> np.uint64(32)).astype(np.uint32))
        words[..., start : start + len(counter), 0] = x0
        words[..., start : start + len(counter), 1] = x1
    return words.reshape(*words.shape[:-2], 2 * blocks)[..., :count]


def threefry(k0: np.ndarray, k1: np.ndarray, c0: np.ndarray, c1: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Encrypts counters (c0, c1) with the key (k0, k1): arrays of uint32 of at least one axis, which broadcast."""
    keys = (k0, k1, k0 ^ k1 ^ np.uint32(PARITY))
    x0, x1 = c0 + k0, c1 + k1
    carried = np.empty_like(x1)
    for five in range(5):
        for r in ROTATIONS[five % 2]:
            x0 += x1
            np.right_shift(x1, np.uint32(32 - r), out=carried)
            x1 <<= np.uint32(r)
            x1 |= carried
            x1 ^= x0
        x0 += keys[(five + 1) % 3]
        x1 += keys[(five + 2) % 3] + np.uint32(five + 1)
    return x0, x1


def _word(key: Any) -> np.ndarray:
    return np.asarray(key & 0xFFFFFFFF if isinstance(key, int) else key).astype(np.uint32)
