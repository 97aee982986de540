"""Derivatives of values of any shape: of all by all, and of each example by itself."""

from collections.abc import Callable
from typing import Any

from phiml_core.backend import primitive
from phiml_core.backend.backend import Backend
from phiml_core.ops.create import wrap
from phiml_core.ops.native import full_array
from phiml_core.ops.repeat import expand, store
from phiml_core.shape import EMPTY, Shape, ShapeError, concat_shapes, merge_shapes
from phiml_core.tensor.dense import Dense
from phiml_core.tensor.spec import make_spec
from phiml_core.tensor.stacked import as_dense
from phiml_core.tensor.tensor import Tensor
from phiml_core.tree.flatten import flatten
from phiml_core.tree.structure import Leaf, Node, StackedNode, Structure
from phiml_core.tree.tree import tree_leaves, tree_map

from .custom_gradient import explained
from .flat import Flat
from .wrt import Wrt, backend_of

__all__ = ["batch_jacobian", "jacobian", "jacobians"]


def jacobian(f: Callable[..., Any], wrt: Any = None, get_output: bool = True) -> Callable[..., Any]:
    """The derivative of each value of a function by each value of its arguments.

    Args:
        f: returns a tensor, or a tuple of it and auxiliary values.
        wrt: names of the parameters to differentiate by, separated by commas (or a tuple); by default the first.
        get_output: whether the function returned also returns the output of `f`.

    Returns:
        A function with the parameters of `f` that returns `(output, jacobian)`, or the Jacobian alone; a tuple of them if `wrt` names
        several parameters.  A Jacobian is a tree like the argument; its tensors have the dims of the value and, as dual dims,
        those of the argument: for y (y) and x (x) it is (y, ~x), and `jacobian @ dx` is the change of y.  Batch dims are dims as all
        others, so that of x (b) it is (…, ~b); see `batch_jacobian` for examples that do not depend on each other.

        It takes as many backward passes as there are values, or with JAX forward passes as there are arguments, if these are fewer.

    Raises (when called):
        NoGradient: the backend of the arguments has no derivatives (NumPy).
        TypeError: an argument to differentiate by holds no floating point values, or the value is no real tensor.
        ShapeError: the dims of value and argument cannot stand in one tensor.
    """
    return _transform(f, wrt, get_output, "jacobian", lambda values, others: EMPTY)


def batch_jacobian(f: Callable[..., Any], wrt: Any = None, get_output: bool = True) -> Callable[..., Any]:
    """The Jacobian of each example: batch dims are examples, each differentiated by its own argument only.

    For y (b, y) and x (b, x) the result is (b, y, ~x), and for parameters (w) that all examples share (b, y, ~w), for the work of
    one batched backward pass per value of an example.  Work does not grow with the square of the number of examples.

    Args:
        f, wrt, get_output: as for `jacobian`.  Each example must depend on no other one, as functions of batched values do that
            never reduce over batch dims.

    Returns:
        As `jacobian`; the tensors of a Jacobian have all batch dims of the arguments.

    Raises (when called):
        ShapeError: the value lacks a batch dim of the arguments, so that it mixes examples.
        Others as for `jacobian`.
    """
    return _transform(f, wrt, get_output, "batch_jacobian", lambda values, others: examples_of((values, others)))


def examples_of(arguments: Any) -> Shape:
    """The batch dims of all tensors among arguments."""
    return merge_shapes(*[t.shape.batch for t in tree_leaves(arguments)])


def _transform(f: Callable[..., Any], wrt: Any, get_output: bool, what: str, examples: Any) -> Callable[..., Any]:
    by = Wrt.of(f, wrt, what)
    function = by.function  # in the closure, where compiled functions look for what a function reads

    def derivative(*args: Any, **kwargs: Any) -> Any:
        bound = by.bind(args, kwargs)
        values = tuple([bound.arguments[n] for n in by.names])
        name = getattr(function, "__name__", "f")

        def call(values: tuple[Any, ...]) -> tuple[list[Tensor], Any]:
            result = by.call(bound, values)
            return [_value(result[0] if isinstance(result, (tuple, list)) else result, name, what)], result

        output, (found,) = jacobians(
            call, values, dict(bound.arguments), examples(values, dict(bound.arguments)), by, f"{what} of {name}"
        )
        found = found[0] if by.single else found
        return (output, found) if get_output else found

    return by.dress(derivative)


def _value(value: Any, name: str, what: str) -> Tensor:
    try:
        value = value if isinstance(value, Tensor) else wrap(value)
    except TypeError:
        raise TypeError(f"{what} needs a tensor, but {name} returned {type(value).__name__}.") from None
    if value.dtype.kind is not float:
        raise TypeError(f"{what} needs real floating point values, but {name} returned {value.dtype}.")
    return value


def jacobians(
    call: Callable[[Any], tuple[list[Tensor], Any]],
    values: tuple[Any, ...],
    arguments: Any,
    examples: Shape,
    by: Wrt,
    what: str,
) -> tuple[Any, list[tuple[Any, ...]]]:
    """The engine: for `call(values) -> (tensors, output)` the output, and for each tensor the tuple of its Jacobians by `values`."""
    backend = backend_of(values, arguments)
    if not backend.can_differentiate:
        raise backend.no_gradient(what)
    if examples:  # each example gets its own copy of what they share
        values = tree_map(lambda t: store(expand(t, examples), examples) if _differs(t) else t, values)
    shapes: list[tuple[Shape, Shape]] = []

    def blocks(values: Any) -> tuple[list[Any], Any]:
        tensors, output = call(values)
        shapes.clear()
        arrays = []
        for t in tensors:
            missing = examples.without(t.shape)
            if missing:
                raise ShapeError(
                    f"{what}: the value {t.shape} lacks the batch dims {missing} of the arguments, so it mixes examples.  "
                    "Keep them, or use jacobian if all examples belong together."
                )
            rest = t.shape.without(examples)
            shapes.append((rest, examples))
            block = as_dense(t)
            array = full_array(block, concat_shapes(rest, examples))
            arrays.append(backend.bind(primitive.reshape)(array, (rest.volume, *examples.sizes)))
        return arrays, output

    flat = Flat(blocks, values, backend, chosen=True)
    by.check_floats(flat.seen, what.partition(" of ")[0])
    specs = [leaf.spec for i, leaf in enumerate(flat.leaves) if i in flat.moving]
    if any(s.dtype.kind is complex for s in specs):
        raise TypeError(f"{what} needs real arguments.  Differentiate by real and imaginary parts.")
    keep = [tuple([s.axes[n] for n in examples.names]) for s in specs]
    with flat.context(), explained(backend, what):
        results, found = backend.jacobian(flat, flat.point, tuple(keep))
        assert flat.outputs is not None
        output = flat.outputs.build(results)
        trees = []
        for (rest, _), row in zip(shapes, found, strict=True):
            stream = iter(row)
            leaves = [
                _named(next(stream) if i in flat.moving else None, leaf, rest, examples, backend, what)
                for i, leaf in enumerate(flat.leaves)
            ]
            trees.append(_rebuilt(flat.seen, iter(leaves)))
    return output, trees


def _differs(t: Tensor) -> bool:
    return t.dtype.kind in (float, complex)


def _named(array: Any, leaf: Leaf, rest: Shape, examples: Shape, backend: Backend, what: str) -> Tensor:
    """The array (values, of the argument) as a tensor."""
    stored = leaf.spec.stored
    own = stored.without(examples)
    try:
        columns = own.as_dual()
        order = concat_shapes(rest, concat_shapes(*[d if d.name in examples.names else d.as_dual() for d in stored]))
        if own.dual or len(set(order.names)) < order.rank or columns.rank < own.rank:
            raise ShapeError("a dim occurs twice")
    except ShapeError as error:
        raise ShapeError(
            f"{what}: the dims of the value {rest} and, as dual dims, of the argument {leaf.spec.shape} cannot stand in one tensor "
            f"({error}).  Rename some."
        ) from None
    if array is None:
        array = primitive.zeros(backend, order.sizes, leaf.spec.dtype)
    else:
        array = backend.bind(primitive.reshape)(array, tuple(order.sizes))
    return Dense(array, make_spec(order, order, backend, backend.dtype(array)))


def _rebuilt(structure: Structure, tensors: Any) -> Any:
    """A tree of the structure that holds other tensors."""
    if isinstance(structure, Leaf):
        return next(tensors)
    if isinstance(structure, StackedNode):
        raise ShapeError(
            f"The Jacobian by a non-uniform tensor along {structure.dim} has no common shape.  Differentiate by its components."
        )
    if isinstance(structure, Node):
        leaves: list[Any] = []
        parts = [_rebuilt(p, tensors) for p in structure.parts]
        inner = tuple([flatten(p, leaves) for p in parts])
        return Node(structure.cls, structure.static, inner).build(iter(leaves))
    return structure.build(iter(()))
