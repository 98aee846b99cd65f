"""`python -m edge` is the `catdog` command."""

import sys

from edge.cli import main

sys.exit(main())
