"""`python -m carms_lake` is `carms`."""

from carms_lake.cli import main

if __name__ == "__main__":
    main()
