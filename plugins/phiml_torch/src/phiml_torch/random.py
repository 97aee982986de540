"""Random bits for PyTorch, equal bit for bit to those of NumPy.

The order of the words and the recipes for numbers from bits stand in `phiml_core.backend.numpy.random`.  PyTorch has no arithmetic of
unsigned 32-bit integers, so it is done in 64 bits, of which the lower half counts.
"""

from __future__ import annotations

from typing import Any

import torch

__all__ = ["random_bits"]

ROTATIONS = (13, 15, 26, 6), (17, 29, 16, 24)
PARITY = 0x1BD11BDA
MASK = 0xFFFFFFFF


def random_bits(place: Any, key: tuple[Any, Any], count: int) -> torch.Tensor:
    """`count` random words.

    Args:
        place: not used; a backend.
        key: two words, Python ints or tensors (recorded or not) of equal shape: one stream of bits for each element.
        count: number of words, ≥ 0, even or odd.

    Returns:
        uint32, shape of the key's tensors + (count,).

    Raises:
        ValueError: negative count.
    """
    if count < 0:
        raise ValueError(f"Cannot draw {count} random words, expected a count of 0 or more.")
    k0, k1 = map(_word, key)
    blocks = (count + 1) // 2
    counter = torch.arange(blocks, dtype=torch.int64, device=k0.device)
    x0, x1 = threefry(k0, k1, counter & MASK, counter >> 32)
    words = torch.stack([x0, x1], -1)
    return words.reshape(*words.shape[:-2], 2 * blocks)[..., :count].to(torch.uint32)


def threefry(
    k0: torch.Tensor, k1: torch.Tensor, c0: torch.Tensor, c1: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Encrypts counters (c0, c1) with the key (k0, k1): words in the lower halves of int64 tensors, which broadcast."""
    keys = (k0, k1, k0 ^ k1 ^ PARITY)
    x0, x1 = (c0 + k0) & MASK, (c1 + k1) & MASK
    for five in range(5):
        for r in ROTATIONS[five % 2]:
            x0 = (x0 + x1) & MASK
            x1 = (((x1 << r) | (x1 >> (32 - r))) & MASK) ^ x0
        x0 = (x0 + keys[(five + 1) % 3]) & MASK
        x1 = (x1 + keys[(five + 2) % 3] + (five + 1)) & MASK
    return x0, x1


def _word(key: Any) -> torch.Tensor:
    word = torch.tensor(key & MASK) if isinstance(key, int) else key.to(torch.int64) & MASK
    return word[..., None]
