"""The words of linear tracing: from Python functions to operators.  A plugin does the tracing."""

import inspect
from collections.abc import Callable
from typing import Any

__all__ = ["LinearJit", "jit_compile_linear", "matrix_from_function", "register_tracing"]

_TRACING: list[Callable[..., Any]] = []


def register_tracing(function: Callable[..., Any]) -> None:
    """Let `function(f, args, kwargs, auxiliary_names) -> (operator, bias)` do the tracing; the last one registered counts."""
    _TRACING.append(function)


def _tracing() -> Callable[..., Any]:
    if not _TRACING:
        from phiml_core.plugin.ondemand import load_provided

        load_provided("solver.auto")
    if not _TRACING:
        raise LookupError("No installed plugin traces linear functions.  Install one: pip install phiml-solvers.")
    return _TRACING[-1]


def _parse_names(auxiliary_args: Any) -> tuple[str, ...]:
    if not auxiliary_args:
        return ()
    names = auxiliary_args.split(",") if isinstance(auxiliary_args, str) else auxiliary_args
    return tuple(n.strip() for n in names)


def matrix_from_function(
    f: Callable[..., Any], *args: Any, auxiliary_args: Any = None, **kwargs: Any
) -> tuple[Any, Any]:
    """The matrix of a linear or affine function, f(x) = A x + b.

    The function runs once, on a tensor that records what is done to it.  The operator is the most structured one that does the same:
    diagonal, the Laplacian of a box, a stencil, one matrix per dim, a sparse matrix, ….  Coefficients may be traced or differentiated.

    Args:
        f: function of tensors or trees of tensors, such as grids, of whose fields only the values count.
        args: what to call it with; of the linear arguments only shape and type matter.
        auxiliary_args: names of the parameters that `f` is not linear in, separated by commas.  Keyword arguments are such, too.
        kwargs: further arguments of `f`.

    Returns:
        operator: A, to be applied by `A @ x` or `A(x)`, with `A.T`, `A.diagonal()`, ….
        bias: b, a tree like the result of `f`.

    Raises:
        NotLinear: names the operation that is not linear, and the line of the caller.
    """
    if isinstance(f, LinearJit):
        auxiliary_args = (*f.auxiliary_args, *_parse_names(auxiliary_args))
        f = f.function
    return _tracing()(f, args, kwargs, _parse_names(auxiliary_args))


class LinearJit:
    """A linear or affine function of which operators are kept; made by `jit_compile_linear`."""

    def __init__(self, function: Callable[..., Any], auxiliary_args: tuple[str, ...] = ()):
        from phiml_core.transform import jit_compile

        self.function, self.auxiliary_args = function, auxiliary_args
        self._kept: dict[Any, Any] = {}
        self._compiled = jit_compile(function)
        self.__name__ = getattr(function, "__name__", "linear")
        self.__wrapped__ = function

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._compiled(*args, **kwargs)

    def sparse_matrix_and_bias(self, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
        """Operator and offset for arguments like these; see `matrix_from_function`.

        They are kept: the function runs again only for linear arguments of another structure, other values of the auxiliary arguments,
        or if what it reads besides its arguments has changed.
        """
        from phiml_core.transform.captured import Captured

        key, values = self._key(args, kwargs)
        found = self._kept.get(key)
        if found is not None and found[0].known and not found[0].changed() and len(found[1]) == len(values):
            if all(
                a is b or (type(a) in (int, float, complex) and a == b) for a, b in zip(values, found[1], strict=True)
            ):
                return found[2]
        result = matrix_from_function(self.function, *args, auxiliary_args=self.auxiliary_args, **kwargs)
        captured = Captured(self.function)
        if captured.known and not any(map(_is_traced, values)) and not any(map(_is_traced, _arrays(result))):
            if len(self._kept) > 16:
                self._kept.clear()
            self._kept[key] = captured, values, result
        return result

    def _key(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, list[Any]]:
        """The structure of all arguments, and the values of the auxiliary ones."""
        from phiml_core.backend.choose import default_backend
        from phiml_core.backend.precision import current
        from phiml_core.tree.flatten import flatten

        parameters = list(inspect.signature(self.function).parameters)
        names = [parameters[i] if i < len(parameters) else "" for i in range(len(args))]
        values: list[Any] = []
        linear = tuple([flatten(a, []) for a, n in zip(args, names, strict=True) if n not in self.auxiliary_args])
        given = tuple([flatten(a, values) for a, n in zip(args, names, strict=True) if n in self.auxiliary_args])
        return (linear, given, flatten(kwargs, values), current(), default_backend()), values

    def sparse_matrix(self, *args: Any, **kwargs: Any) -> Any:
        """The operator for arguments like these.

        Raises:
            ValueError: the function is affine: it adds something that does not depend on its argument.
        """
        operator, bias = self.sparse_matrix_and_bias(*args, **kwargs)
        from phiml_core.tree import tree_leaves

        if any(not t.available or bool((t != 0).any) for t in tree_leaves(bias)):
            raise ValueError(f"{self.__name__} is affine, not linear.  Use sparse_matrix_and_bias().")
        return operator

    def __repr__(self) -> str:
        return f"jit_compile_linear({self.__name__})"


def _arrays(tree: Any) -> list[Any]:
    """The native arrays of a tree."""
    from phiml_core.tree.flatten import flatten

    arrays: list[Any] = []
    flatten(tree, arrays)
    return arrays


def _is_traced(value: Any) -> bool:
    from phiml_core.backend.choose import find_backend

    backend = find_backend(value)
    return backend is not None and backend.is_traced(value)


def jit_compile_linear(
    f: Callable[..., Any] | None = None, auxiliary_args: Any = None, forget_traces: Any = None
) -> Any:
    """A linear or affine function, compiled, whose matrix solves may use.

    Args:
        f: function of tensors or trees; without it, a decorator is returned.
        auxiliary_args: names of the parameters that `f` is not linear in, separated by commas.
        forget_traces: accepted for compatibility.

    Returns:
        A `LinearJit`: calling it computes `f`; `sparse_matrix(x)` and `sparse_matrix_and_bias(x)` give its operator.
    """
    if f is None:
        return lambda g: jit_compile_linear(g, auxiliary_args, forget_traces)
    return f if isinstance(f, LinearJit) else LinearJit(f, _parse_names(auxiliary_args))
