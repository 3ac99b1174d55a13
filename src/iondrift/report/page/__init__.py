"""Results to one HTML file that needs nothing else."""
