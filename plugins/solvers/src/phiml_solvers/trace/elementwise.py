"""Element-wise operations on traced tensors."""

from typing import Any

from phiml_core.math import cast, where, wrap
from phiml_core.shape import Shape, merge_shapes
from phiml_core.tensor import Stacked, elementwise
from phiml_core.tensor.stacked import as_dense
from phiml_core.tensor.tensor import Tensor

from .errors import not_linear
from .linear import Linear, holds_linear, joint_type, linear, offset_of
from .parts import conjugate_of, part_of
from .term import Factor, Source, Term

__all__ = ["factor_of", "times"]


@elementwise.dispatch
def _(lead: Linear, op, values):
    stacked = next((v for v in values if isinstance(v, Stacked) and (holds_linear(v) or not v.shape.is_uniform)), None)
    if stacked is not None:
        columns = [stacked.items(v) for v in values]
        return Stacked(tuple(op(*row) for row in zip(*columns, strict=True)), stacked.dim)
    values = tuple([as_dense(v) if isinstance(v, Stacked) else v for v in values])
    rule = _RULES.get(op.name)
    if rule is None:
        raise not_linear(str(_NAMES.get(op.name, op.symbol or op.name)))
    return rule(lead, op, values)


_NAMES = {
    "less": "the comparison <", "less_equal": "the comparison <=", "greater": "the comparison >", "equal": "the comparison ==",
    "greater_equal": "the comparison >=", "not_equal": "the comparison !=",
}  # fmt: skip


def factor_of(value: Tensor) -> Factor:
    """A tensor as a factor of terms with the same dims."""
    return Factor(value, tuple([(n, n, 0) for n in value.shape.names]))


def _shape(values: Any, op: Any) -> Shape:
    return merge_shapes(
        *[v.shape for v in values if isinstance(v, Tensor)],
        operation=(op.symbol and f"compute {op.symbol} of") or op.name,
    )


def _added(lead: Linear, op: Any, values: Any, sign: int) -> Any:
    a, b = values
    terms = [*getattr(a, "terms", ())]
    terms += b.terms if sign > 0 and isinstance(b, Linear) else [t.scaled(-1) for t in getattr(b, "terms", ())]
    bias_a, bias_b = map(offset_of, values)
    if bias_a is None and bias_b is None:
        bias = None
    elif bias_b is None:
        bias = bias_a
    else:
        bias = op(bias_a, bias_b) if bias_a is not None else bias_b if sign > 0 else -bias_b
    bias = bias if bias is None or isinstance(bias, Tensor) else wrap(bias)
    return linear(lead.source, _shape(values, op), terms, bias, joint_type(a, b))


def _add(lead: Linear, op: Any, values: Any) -> Any:
    return _added(lead, op, values, 1)


def _subtract(lead: Linear, op: Any, values: Any) -> Any:
    return _added(lead, op, values, -1)


def times(value: Linear, factor: Any, first: bool = True) -> Any:
    """A traced tensor times a tensor or a number; `first`: the dims of the result are in the order that it has them in."""
    shape = value.shape
    if isinstance(factor, Tensor):
        pair = (shape, factor.shape) if first else (factor.shape, shape)
        shape = merge_shapes(*pair, operation="compute * of")
    bias = None if value.bias is None else value.bias * factor
    known = _number(factor)
    if known is None:
        one = factor_of(factor)
        terms = [t.times(one) for t in value.terms]
    else:
        terms = [t.scaled(known) for t in value.terms]
    return linear(value.source, shape, terms, bias, joint_type(value, factor))


def _number(value: Any) -> Any:
    """The Python number that a coefficient is, or None: one that may be traced or differentiated stays a tensor."""
    if not isinstance(value, Tensor):
        return value
    if value.shape or value.backend.can_differentiate or not value.available:
        return None
    return value.item()


def _multiply(lead: Linear, op: Any, values: Any) -> Any:
    a, b = values
    if isinstance(a, Linear) and isinstance(b, Linear):
        raise not_linear("the product with itself (*)", "both factors depend on it")
    return times(a, b) if isinstance(a, Linear) else times(b, a, first=False)


def _divide(lead: Linear, op: Any, values: Any) -> Any:
    a, b = values
    if isinstance(b, Linear):
        raise not_linear("the division (/) by it")
    return times(a, lead.source.once(("inverse", id(b)), b, lambda: 1 / b) if isinstance(b, Tensor) else 1 / b)


def _negative(lead: Linear, op: Any, values: Any) -> Any:
    return times(lead, -1)


def _same(lead: Linear, op: Any, values: Any) -> Any:
    return lead


def _pow(lead: Linear, op: Any, values: Any) -> Any:
    base, exponent = values
    if isinstance(exponent, Linear) or not isinstance(exponent, (int, float)) or exponent != 1:
        raise not_linear("the power (**)")
    return base


def _where(lead: Linear, op: Any, values: Any) -> Any:
    condition, yes, no = values
    if isinstance(condition, Linear):
        raise not_linear("where()", "whose condition depends on it")
    if not isinstance(condition, Tensor):
        return yes if condition else no
    source = lead.source
    mask = condition if condition.dtype.kind is bool else cast(condition, bool)
    other = source.once(("not", id(mask)), mask, lambda: ~mask)
    terms = [t.times(factor_of(mask)) for t in getattr(yes, "terms", ())]
    terms += [t.times(factor_of(other)) for t in getattr(no, "terms", ())]
    bias_yes, bias_no = (offset_of(v) for v in (yes, no))
    bias = None
    if bias_yes is not None or bias_no is not None:
        bias = where(mask, 0 if bias_yes is None else bias_yes, 0 if bias_no is None else bias_no)
    return linear(source, _shape(values, op), terms, bias, joint_type(yes, no))


_RULES: dict[str, Any] = {
    "add": _add,
    "subtract": _subtract,
    "multiply": _multiply,
    "divide": _divide,
    "negative": _negative,
    "positive": _same,
    "conj": lambda lead, op, values: conjugate_of(lead),
    "real": lambda lead, op, values: part_of(lead, "real"),
    "imag": lambda lead, op, values: part_of(lead, "imag"),
    "pow": _pow,
    "where": _where,
}


def coefficient(term: Term, shape: Shape, source: Source) -> Any:
    """The product of a term's number and factors over its window, a tensor with the dims it varies along, or a number."""
    sizes = {n: shape.get_size(n) for n in shape.names}
    sizes.update(term.hidden)
    product: Any = term.number
    masks = []
    for factor in term.factors:
        value = factor_values(factor, term, sizes, shape)
        if value.dtype.kind is bool:
            masks.append(value)
        else:
            product = value if isinstance(product, (int, float)) and product == 1 else product * value
    for mask in masks:
        product = where(mask, product, 0 * term.number)
    return product


def factor_values(factor: Factor, term: Term, sizes: dict[str, Any], shape: Shape) -> Tensor:
    """A factor over the window of a term, with the names of the term's dims."""
    value, old, new = factor.tensor, [], []
    hidden = dict(term.hidden)
    for name, dim, offset in factor.at:
        if dim is None:
            value = value[{name: offset}]
            continue
        if dim not in sizes and name == dim:  # a batch dim that only coefficients have
            continue
        start, stop = term.window(dim, sizes.get(dim, value.shape.get_size(name)))
        if (start + offset, stop + offset) != (0, value.shape.get_size(name)):
            value = value[{name: slice(start + offset, stop + offset)}]
        if name != dim or (dim in hidden and value.shape.get_type(name) != "instance"):
            old.append(name)
            new.append(dim)
    return _renamed(value, old, new, shape) if old else value


def _renamed(value: Tensor, old: list[str], new: list[str], shape: Shape) -> Tensor:
    from phiml_core.math import rename_dims
    from phiml_core.shape import concat_shapes, instance

    dims = [shape[n].with_size(None).with_item_names(n, None) if n in shape.names else instance(n) for n in new]
    return rename_dims(value, ",".join(old), concat_shapes(*dims))
