"""The log of a cell: its clock, its protocol, the onset of the rise."""
