"""`python -m conformance` is the command qmp-conformance."""

import sys

from conformance.cli import main

sys.exit(main())
