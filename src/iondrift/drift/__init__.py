"""Concentration to drift velocity, with bands."""
