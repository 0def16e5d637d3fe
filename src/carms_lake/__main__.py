"""`python -m carms_lake` is `carms`."""

from __future__ import annotations

from carms_lake.cli import main

if __name__ == "__main__":
    main()
