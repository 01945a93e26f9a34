"""`python -m conformance` is the command qmp-conformance."""

import sys

from conformance.cli.main import main

sys.exit(main())
