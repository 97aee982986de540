"""Branches whose condition may be known only when compiled code runs."""

from collections.abc import Callable
from typing import Any

from phiml_core.backend import primitive
from phiml_core.backend.choose import join
from phiml_core.ops.elementwise import cast
from phiml_core.shape import EMPTY, ShapeError
from phiml_core.tensor.dense import Dense
from phiml_core.tensor.stacked import as_dense
from phiml_core.tensor.tensor import Tensor
from phiml_core.tree.flatten import flatten

from .boundary import backend_for, conform, entering, join_structures, prepare, wide
from .outputs import Outputs, record

__all__ = ["cond", "predicate"]


def predicate(value: Any) -> Dense | bool:
    """A condition as a Python bool where its value is known, else as a boolean tensor without dims.

    Raises:
        ShapeError: it has several values.
    """
    if not isinstance(value, Tensor):
        return bool(value)
    if value.shape.volume != 1:
        raise ShapeError(
            f"A condition must be a single value, but has shape {value.shape}.  Use .any or .all, or where() for "
            "element-wise choice."
        )
    if value.available:
        return bool(value)
    block = as_dense(cast(value, bool))
    native = block.native_array
    if block.spec.stored:
        native = block.backend.bind(primitive.reshape)(native, ())
    return Dense(native, block.spec.with_dims(EMPTY))


def cond(condition: Any, on_true: Callable[..., Any], on_false: Callable[..., Any], *args: Any) -> Any:
    """`on_true(*args)` or `on_false(*args)`, by a condition that may be known only when compiled code runs.

    Args:
        condition: bool or boolean tensor without dims.
        on_true, on_false: functions of the arguments that return trees of the same structure; only one is computed.
            Element types and constant dims are brought together.
        args: trees of tensors.  What the functions read besides is captured.

    Raises:
        TypeError: the branches return different structures or shapes; the message names both.
    """
    choice = predicate(condition)
    if isinstance(choice, bool):
        return on_true(*args) if choice else on_false(*args)
    leaves: list[Any] = []
    given = flatten(args, leaves)
    backend = join(choice.backend, backend_for(given)) if leaves else choice.backend
    seen = entering(given, backend)
    natives = tuple(prepare(leaves, given, seen, backend))
    outputs: list[Outputs] = [None, None]  # type: ignore[list-item]

    def branch(i: int) -> Callable[..., tuple[Any, ...]]:
        def run(*xs: Any) -> tuple[Any, ...]:
            values = seen.build(iter(xs))
            out, outputs[i], _ = record(lambda: (on_true, on_false)[i](*values), backend, False)
            return out

        return run

    with backend.context(wide(seen)):
        results = [backend.eval_shape(branch(i), natives) for i in (0, 1)]
        target = join_structures(outputs[0].structure, outputs[1].structure, "The branches of cond")
        counts = [o.values for o in outputs]

        def conformed(i: int) -> Callable[..., tuple[Any, ...]]:
            """A branch with the joined structure, and blanks for what only the other one reports."""

            def run(*xs: Any) -> tuple[Any, ...]:
                out = branch(i)(*xs)
                values = conform(out[: counts[i]], outputs[i].structure, target)
                blank = [primitive.zeros(backend, *r) for r in results[1 - i][counts[1 - i] :]]
                mine = out[counts[i] :]
                return (*values, *mine, *blank) if i == 0 else (*values, *blank, *mine)

            return run

        found = backend.cond(choice.native_array, conformed(0), conformed(1), natives)
    return Outputs(target, counts[0], [*outputs[0].templates, *outputs[1].templates]).build(found)
