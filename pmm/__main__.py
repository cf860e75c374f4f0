"""`pmm` and `python -m pmm`: hand the arguments to the command line and leave with its exit status."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line on `sys.argv`.  Always ends in SystemExit."""
    from pmm.cli.frame import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
