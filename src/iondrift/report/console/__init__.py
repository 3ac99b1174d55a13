"""Numbers to text on a console."""
