"""TopSpin data sets as the spectrometer leaves them: parameters, raw and processed data, times, gradients.

The reader is its own. nmrglue 0.12 hangs on a parameter file cut inside an array, divides by zero on a stopped
experiment, removes a digital filter that is not there and takes 1 s to import; everything that would have to be
checked before it may see a folder is what reading consists of. It is the oracle of the tests where it is installed.
"""
