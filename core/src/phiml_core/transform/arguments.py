"""The arguments of a compiled function in one order: those that vary and those that are static, keywords in the place of their
parameter."""

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from phiml_core.tree.flatten import flatten
from phiml_core.tree.structure import Static

__all__ = ["Arguments"]


class _Omitted:
    """Stands for an argument that was not given: its default is a constant of the function."""

    def __repr__(self) -> str:
        return "not given"


_OMITTED = _Omitted()
_STATIC = Static(_Omitted, _OMITTED)
flatten.register((_Omitted,), lambda value, leaves: _STATIC)


class Arguments:
    """The parameters of a function, some of which are static.

    `bind(*args, **kwargs)` returns the values of the parameters `varying` and those of `static`.  It is generated, so that Python
    itself puts keywords into places and complains about wrong ones.

    Raises:
        TypeError: `static` names no parameter of the function.
    """

    def __init__(self, function: Callable[..., Any], static: Sequence[str]):
        try:
            self.parameters = tuple(inspect.signature(function).parameters.values())
        except ValueError:  # a built-in function that does not tell its parameters
            kinds = {"args": inspect.Parameter.VAR_POSITIONAL, "kwargs": inspect.Parameter.VAR_KEYWORD}
            self.parameters = tuple([inspect.Parameter(n, k) for n, k in kinds.items()])
        names = [p.name for p in self.parameters]
        unknown = [n for n in static if n not in names]
        self.name = getattr(function, "__name__", type(function).__name__)
        if unknown:
            raise TypeError(
                f"auxiliary_args names {', '.join(unknown)}, but the parameters of {self.name} are {', '.join(names) or 'none'}."
            )
        self.static = tuple([n for n in names if n in static])
        self.varying = tuple([n for n in names if n not in static])
        self.bind = self._generate()

    def _generate(self) -> Callable[..., tuple[tuple[Any, ...], tuple[Any, ...]]]:
        plain = [
            p.replace(annotation=p.empty, default=p.empty if p.default is p.empty else _OMITTED)
            for p in self.parameters
        ]
        declared = str(inspect.Signature(plain)).replace("=not given", "=_omitted")
        varying, static = ("".join(f"{n}, " for n in names) for names in (self.varying, self.static))
        label = self.name if self.name.isidentifier() else "function"
        scope: dict[str, Any] = {"_omitted": _OMITTED}
        exec(f"def {label}{declared}:\n    return ({varying}), ({static})\n", scope)
        return scope[label]

    def call(self, function: Callable[..., Any], varying: Sequence[Any], static: Sequence[Any]) -> Any:
        """`function` of the values of its parameters, leaving out those that were not given."""
        values = {**dict(zip(self.varying, varying, strict=True)), **dict(zip(self.static, static, strict=True))}
        positional: list[Any] = []
        named: dict[str, Any] = {}
        in_place = True
        for p in self.parameters:
            value = values[p.name]
            if p.kind is p.VAR_POSITIONAL:
                positional.extend(value)
            elif p.kind is p.VAR_KEYWORD:
                named.update(value)
            elif value is _OMITTED:
                in_place = False
            elif in_place and p.kind is not p.KEYWORD_ONLY:
                positional.append(value)
            else:
                named[p.name] = value
        return function(*positional, **named)
