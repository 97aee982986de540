"""`python -m phiml_core.cli`, where the script `phiml` is not on the path."""

import sys

from .main import main

sys.exit(main())
