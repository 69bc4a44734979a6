"""`python -m local_warehouse`."""

import sys

from local_warehouse.cli import main

if __name__ == "__main__":
    sys.exit(main())
