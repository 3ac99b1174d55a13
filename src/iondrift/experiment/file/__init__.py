"""The experiment file: its keys, their limits, what is wrong with one in words."""
