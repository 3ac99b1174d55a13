"""One cell: its file, its log, its labelled results. Draws and prints nothing."""
