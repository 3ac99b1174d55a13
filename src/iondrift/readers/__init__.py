"""Readers: one instrument or format a file; each returns labelled arrays in SI units."""
