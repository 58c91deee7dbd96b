"""`python -m tadh_cli` is `tadh`."""

import sys

from tadh_cli.main import main

sys.exit(main())
