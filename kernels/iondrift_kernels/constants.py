"""Physical constants, SI. CODATA 2022 unless stated; the first four are exact by definition of the SI."""

from __future__ import annotations

AVOGADRO = 6.02214076e23  # 1/mol, exact (SI 2019)
BOLTZMANN = 1.380649e-23  # J/K, exact (SI 2019)
ELEMENTARY_CHARGE = 1.602176634e-19  # C, exact (SI 2019)
FARADAY = AVOGADRO * ELEMENTARY_CHARGE  # C/mol
GAS_CONSTANT = AVOGADRO * BOLTZMANN  # J/(mol K)

# Gyromagnetic ratio over 2 pi, Hz/T (NMR tables, IUPAC 2001 recommendations)
GYROMAGNETIC_RATIO_19F = 40.05e6  # four digits, as in the field-of-view relation of the method
