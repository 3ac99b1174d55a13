"""How many Monte Carlo replicates can be asked for; nothing is imported, so that the command line can look here."""

FEWEST = 40  # quantiles of fewer say nothing
MOST = 1_000_000
FIRST = 1000  # of samples="auto", doubled from there
MOST_AUTOMATIC = 64_000
