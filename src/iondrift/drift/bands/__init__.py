"""Uncertainty bands of drift velocities, and which source they come from."""
