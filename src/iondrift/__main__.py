"""``python -m iondrift``."""

from iondrift.cli import main

if __name__ == "__main__":
    main()
