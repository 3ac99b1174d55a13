"""Results to the numbers of the report: quantity, unit, band, caveats."""
