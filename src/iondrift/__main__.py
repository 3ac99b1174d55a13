"""``python -m iondrift``."""

from iondrift.cli.app import main

if __name__ == "__main__":
    main()
