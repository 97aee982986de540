"""Second derivatives of scalar functions."""

from collections.abc import Callable
from typing import Any

from phiml_core.ops.rename import rename_dims
from phiml_core.shape import make_shape, shape
from phiml_core.tensor.tensor import Tensor

from .gradient import gradient
from .jacobian import examples_of, jacobians
from .wrt import Wrt

__all__ = ["hessian"]


def hessian(
    f: Callable[..., Any],
    wrt: Any = None,
    get_output: bool = True,
    get_gradient: bool = True,
    dim_suffixes: tuple[str, str] | None = ("", "_"),
) -> Callable[..., Any]:
    """The matrix of second derivatives of a scalar function.

    Args:
        f: returns the loss, or a tuple of the loss and auxiliary values.  Batch dims are examples: each has a loss and a Hessian of
            its own.
        wrt: names of the parameters to differentiate by, separated by commas (or a tuple); by default the first.  They must be
            tensors or numbers.
        get_output, get_gradient: whether the function returned also returns the output of `f` and the gradient.
        dim_suffixes: all dims but batch dims occur twice in a Hessian; these are appended to their names, first for rows, then for
            columns.  None: the columns are dual dims, so that `hessian @ dx` is the change of the gradient.

    Returns:
        A function with the parameters of `f` that returns the tuple (output, gradient, Hessian), shortened by what is not wanted.
        If `wrt` names several parameters, the gradient is a tuple and the Hessian a tuple of rows, one row per parameter.

    Raises (when called):
        NoGradient: the backend of the arguments has no derivatives (NumPy).
        ShapeError: the loss has dims other than batch dims.
        TypeError: a parameter to differentiate by is no real tensor.
    """
    by = Wrt.of(f, wrt, "hessian")
    function = by.function  # in the closure, where compiled functions look for what a function reads
    slope = gradient(f, by.names)

    def derivative(*args: Any, **kwargs: Any) -> Any:
        bound = by.bind(args, kwargs)
        name = getattr(function, "__name__", "f")
        values = tuple([bound.arguments[n] for n in by.names])
        for parameter, value in zip(by.names, values, strict=True):
            if not isinstance(value, (Tensor, int, float)):
                raise TypeError(
                    f"hessian: argument {parameter!r} must be a tensor to differentiate by, not a {type(value).__name__}."
                )

        def call(values: tuple[Any, ...]) -> tuple[list[Tensor], Any]:
            output, grads = by.with_function(slope).call(bound, values)
            return list(grads), (output, grads)

        arguments = dict(bound.arguments)
        (output, grads), rows = jacobians(call, values, arguments, examples_of(arguments), by, f"hessian of {name}")
        if dim_suffixes is not None:
            types = [{d.name: d.type for d in shape(v)} for v in values]  # pyright: ignore[reportCallIssue]  # the function, not the module of that name
            rows = [tuple([_suffixed(b, dim_suffixes, t) for b, t in zip(row, types, strict=True)]) for row in rows]
        matrix: Any = rows[0][0] if by.single else tuple(rows)
        result: tuple[Any, ...] = (matrix,)
        if get_gradient:
            result = (grads[0] if by.single else grads, *result)
        return (output, *result) if get_output else result

    return by.dress(derivative)


def _suffixed(block: Tensor, suffixes: tuple[str, str], types: dict[str, str]) -> Tensor:
    """A block of a Hessian with dims of the given types for its columns, told apart from its rows by their names."""
    rows, columns = block.shape.non_batch.non_dual, block.shape.dual
    names = [n.removeprefix("~") for n in columns.names]
    new = make_shape(
        tuple([n + suffixes[1] for n in names]), columns.sizes, tuple([types[n] for n in names]), columns.item_names_of
    )
    if suffixes[0] and rows:
        block = rename_dims(block, rows, [n + suffixes[0] for n in rows.names])
    return rename_dims(block, columns, new) if columns else block
