"""The step of `examples/galaxy.py` as one writes it in plain JAX (dissertation of ΦFlow, figure 3.5)."""

from __future__ import annotations

import jax
import jax.numpy as jnp

G = 1.0


def galaxy_step(x, v, masses, dt):
    """x, v: (stars, 3); masses: (stars,).  The division is safe for the gradient as well, as `divide_no_nan` is."""
    dx = jnp.expand_dims(x, -2) - jnp.expand_dims(x, -3)
    denominator = jnp.sum(dx**2, -1, keepdims=True) ** 1.5
    zero = denominator == 0
    a = -G * jnp.sum(jnp.where(zero, 0.0, jnp.expand_dims(masses, -1) * dx / jnp.where(zero, 1.0, denominator)), -2)
    return x + v * dt, v + a * dt


step = jax.jit(galaxy_step)
