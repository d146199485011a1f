"""Let `python -m ground` be the command line."""

import sys

from ground.main import main

sys.exit(main())
