"""The inverse model: D(c) and t- from the profiles and the current."""
