"""`python -m dashboards_as_code`, which scripts/dashboards runs."""

import sys

from dashboards_as_code.cli import main

if __name__ == "__main__":
    sys.exit(main())
