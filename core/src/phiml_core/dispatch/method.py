"""One method of a word: the classes it accepts, the function, and where it comes from."""

import itertools
import types
import typing
from abc import ABCMeta
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from .errors import UnfaithfulAnnotation

__all__ = ["Method", "expand", "is_faithful", "signature_classes"]


@dataclass(frozen=True, eq=False)
class Method:
    """A function registered for a tuple of classes; `owner` is the plugin or distribution that registered it."""

    classes: tuple[type, ...]
    function: Callable[..., Any]
    owner: str
    priority: int = 0

    @property
    def location(self) -> str:
        """File and line of the function, as far as Python knows them."""
        code = getattr(self.function, "__code__", None)
        return f"{code.co_filename}:{code.co_firstlineno}" if code else f"<{getattr(self.function, '__name__', '?')}>"

    def accepts(self, classes: tuple[type, ...]) -> bool:
        """Whether each of `classes` is a subclass of what this method names."""
        return all(issubclass(given, own) for given, own in zip(classes, self.classes, strict=True))

    def __repr__(self) -> str:
        names = ", ".join(c.__name__ for c in self.classes)
        return f"({names})  from {self.owner}  {self.location}"


def is_faithful(annotation: Any) -> bool:
    """Whether the class of a value alone decides that it is an instance of `annotation`."""
    return (
        isinstance(annotation, type)
        and not isinstance(annotation, types.GenericAlias)
        and (type(annotation).__instancecheck__ in (type.__instancecheck__, ABCMeta.__instancecheck__))
    )


def expand(annotations: tuple[Any, ...], word: str) -> Iterator[tuple[type, ...]]:
    """All tuples of nominal classes that a tuple of annotations (classes and unions of classes) stands for.

    Raises:
        UnfaithfulAnnotation: an annotation is neither a nominal class nor a union of such.
    """
    choices = []
    for annotation in annotations:
        union = isinstance(annotation, types.UnionType) or typing.get_origin(annotation) is typing.Union
        options = typing.get_args(annotation) if union else (annotation,)
        options = tuple(object if o is Any else type(None) if o is None else o for o in options)
        for option in options:
            if not is_faithful(option):
                raise UnfaithfulAnnotation(
                    f"A method of {word}() is annotated with {option!r}, which is no nominal class: the class of a value "
                    "does not decide whether it matches.  Name concrete classes (for JAX: the array class and "
                    "jax.core.Tracer), or a union of them."
                )
        choices.append(options)
    return itertools.product(*choices)


def signature_classes(function: Callable[..., Any], parameters: tuple[str, ...], word: str) -> tuple[Any, ...]:
    """The annotations of the dispatch `parameters` of `function`; a parameter without annotation accepts everything.

    Raises:
        UnfaithfulAnnotation: a forward reference cannot be resolved when the method is registered.
    """
    found = []
    for name in parameters:
        annotation = getattr(function, "__annotations__", {}).get(name, object)
        if isinstance(annotation, str):
            try:
                annotation = eval(annotation, getattr(function, "__globals__", {}))
            except Exception as error:
                raise UnfaithfulAnnotation(
                    f"The annotation {annotation!r} of parameter {name!r} of a method of {word}() cannot be resolved where "
                    f"the method is registered ({error}).  Import the class before the method."
                ) from None
        found.append(annotation)
    return tuple(found)
