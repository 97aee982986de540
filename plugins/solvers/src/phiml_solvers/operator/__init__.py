"""Linear operators: what the algorithms solve with."""

from . import inverses, multiples, products, sums  # noqa: F401  (methods of the words in algebra)
from .algebra import added, combined, inverted, multiplied, scaled
from .boundary import DIRICHLET, NEUMANN, PERIODIC, UnknownSide
from .box import BoxLaplace
from .composed import Inverse, Product, Scaled, Sum, inverse
from .elementary import Diagonal, Identity, Zero
from .linear import FunctionOperator, LinearOperator, Transposed
from .masked import MaskedLaplace
from .matrix import DenseMatrix, Separable, SparseMatrix
from .poisson import poisson
from .restricted import Restricted, restricted
from .stencil import Stencil

__all__ = [
    "DIRICHLET",
    "NEUMANN",
    "PERIODIC",
    "BoxLaplace",
    "DenseMatrix",
    "Diagonal",
    "FunctionOperator",
    "Identity",
    "Inverse",
    "LinearOperator",
    "MaskedLaplace",
    "Product",
    "Restricted",
    "Scaled",
    "Separable",
    "SparseMatrix",
    "Stencil",
    "Sum",
    "Transposed",
    "UnknownSide",
    "Zero",
    "added",
    "combined",
    "inverse",
    "inverted",
    "multiplied",
    "poisson",
    "restricted",
    "scaled",
]
