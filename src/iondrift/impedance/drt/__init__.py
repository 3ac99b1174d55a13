"""Distributions of relaxation times: the problem, its solvers, bands and peaks."""
