"""Array words and functions of tensors: values, types, sizes, derivatives, compiled, batched, at edges."""

__all__: list[str] = []
