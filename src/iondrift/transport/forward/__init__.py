"""The forward model: simulated cells with known truth."""
