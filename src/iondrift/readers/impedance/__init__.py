"""Impedance spectra: one instrument a file."""
