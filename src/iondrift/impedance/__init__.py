"""Spectra to a Kramers-Kronig test, relaxation times with their bands, peaks."""
