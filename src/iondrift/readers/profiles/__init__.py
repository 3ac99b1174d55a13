"""Profiles: one format a file."""
