"""Files to a folder of results, complete or absent."""
