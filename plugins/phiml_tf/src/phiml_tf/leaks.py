"""Symbolic tensors that are used after the graph they belong to is done."""

import functools
from collections.abc import Callable
from typing import Any

import tensorflow as tf
from phiml_core.backend import LeakedTensor

from .tensors import SymbolicTensor

__all__ = ["is_within_reach", "naming_leaks"]


def is_within_reach(x: Any) -> bool:
    """Whether a symbolic tensor belongs to a graph that is being made now."""
    graph = None if tf.executing_eagerly() else tf.compat.v1.get_default_graph()
    while graph is not None and graph is not x.graph:
        graph = getattr(graph, "outer_graph", None)
    return graph is not None


def naming_leaks(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function` of tensors, raising LeakedTensor where TensorFlow fails for one that is out of reach."""

    @functools.wraps(function)
    def call(*xs: Any) -> Any:
        try:
            return function(*xs)
        except Exception as error:
            if any(isinstance(x, SymbolicTensor) and not is_within_reach(x) for x in xs):
                raise LeakedTensor from error
            raise

    return call
