"""The slow and obvious: plain NumPy and SciPy versions that the kernels are checked against."""
