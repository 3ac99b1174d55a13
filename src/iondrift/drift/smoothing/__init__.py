"""Profiles to smooth series: penalised splines with their posterior."""
