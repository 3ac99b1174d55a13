"""Numbers by which formulae, arguments and closures are named to the kernels; read without compiling anything."""

POLYNOMIAL, EXPONENTIAL, TABLE = 0, 1, 2  # form of D(c)
CONCENTRATION, EO_LI_RATIO, MOLALITY = 0, 1, 2  # what it takes
VOLTAGE, BLOCKING, CURRENT, CONCENTRATED = 0, 1, 2, 3  # closure
