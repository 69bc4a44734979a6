"""Runs the generator: `python -m synthetic_account`."""

import sys

from synthetic_account.cli import main

if __name__ == "__main__":
    sys.exit(main())
