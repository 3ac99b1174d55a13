"""Files to labelled arrays in SI units: one instrument or format a file. Knows no science."""
