import pytest
from phiml_core import math


@pytest.fixture(params=[32, 64])
def bits(request):
    with math.precision(request.param):
        yield request.param
