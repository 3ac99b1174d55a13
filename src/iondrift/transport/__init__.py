"""Ion transport: D(c), composition, closed forms, the forward model. Knows no measurement."""
