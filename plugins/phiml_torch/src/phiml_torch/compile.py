"""From recorded graphs to programs: machine code where PyTorch finds a C++ compiler, else the graph itself, operation by operation.

`PHIML_TORCH_INDUCTOR=0` in the environment, or `set_compiler(False)`, takes graphs as they are: results are the same and nothing is
compiled, which suits tests and short programs.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.fx import Graph, GraphModule, Node

from . import private
from .opaque import OPS
from .record import Recorded

__all__ = ["build", "description", "set_compiler", "uses_compiler"]

log = logging.getLogger("phiml_core")
_wanted: bool | None = None
_said = False


def set_compiler(on: bool | None) -> None:
    """Whether graphs are compiled to machine code; None asks the environment.  Programs that are already built stay as they are."""
    global _wanted
    _wanted = on


def uses_compiler() -> bool:
    """Whether graphs are compiled to machine code.  Says once why not, if a compiler is missing."""
    global _said
    wanted = os.environ.get("PHIML_TORCH_INDUCTOR", "1") != "0" if _wanted is None else _wanted
    if not wanted:
        return False
    why = private.compiler()
    if why and not _said:
        _said = True
        log.warning(
            "Compiled functions run as plain graphs of operations, several times slower: %s.  (Said once.)", why
        )
    return not why


def description() -> str:
    """How compiled functions run on this machine."""
    if uses_compiler():
        return "machine code by inductor"
    return f"plain graphs, {private.compiler() or 'as asked for'}"


def build(recorded: Recorded, xs: Sequence[torch.Tensor]) -> Callable[..., Sequence[torch.Tensor]]:
    """A program of a recorded graph, for tensors like `xs`."""
    graph = recorded.graph
    graph.eliminate_dead_code()
    if uses_compiler() and any(n.op == "call_function" for n in graph.nodes):
        copied = Graph()
        copied.output(copied.graph_copy(graph, {}))
        _hide_scatters(copied)
        try:
            return private.inductor(GraphModule({}, copied), xs)
        except Exception as error:
            log.warning("PyTorch cannot compile a graph, which runs operation by operation instead: %s", error)
            log.debug("while compiling", exc_info=True)
    _drop_barriers(graph)
    return GraphModule({}, graph).forward


def _drop_barriers(graph: Graph) -> None:
    for node in list(graph.nodes):
        if node.target is OPS.barrier.default:
            node.replace_all_uses_with(node.args[0])
            graph.erase_node(node)


def _hide_scatters(graph: Graph) -> None:
    """The compiler for CPUs fuses sums into computed positions with what reads them, which gives wrong results."""
    aten = torch.ops.aten
    for node in graph.nodes:
        args: tuple[Any, ...] = node.args
        accumulates = len(args) > 3 and args[3]
        if node.target in (aten.index_put.default, aten._unsafe_index_put.default) and accumulates:
            node.target, node.args = OPS.index_put_add.default, args[:3]
        elif node.target is aten.index_add.default and not _scaled(node, 4):
            node.target, node.args, node.kwargs = OPS.index_add.default, args[:4], {}
        elif node.target is aten.scatter_add.default:
            node.target = OPS.scatter_add.default
        elif node.target is aten.scatter_reduce.two:
            include = args[5] if len(args) > 5 else node.kwargs.get("include_self", True)
            node.target, node.args, node.kwargs = OPS.scatter_reduce.default, (*args[:5], include), {}


def _scaled(node: Node, position: int) -> bool:
    alpha: Any = node.args[position] if len(node.args) > position else node.kwargs.get("alpha", 1)
    return alpha != 1
