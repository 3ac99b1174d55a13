"""The measured Li||Li cell as an experiment file; {folder} holds its measurements."""

EXPERIMENT = """
[cell]
name = "Li||Li"

[profiles]
files = "{folder}/profiles/*.txt"
count = 46
field_of_view_mm = 4.0
interval_s = 513.0
duration_s = 444.0
reverse = true
zero_filling = 2

[log]
file = "{folder}/polarisation.txt"
current_density_column = 3

[electrolyte]
concentration_mol_per_L = 1.666
temperature_K = 313.15
transference_number = 0.9

[diffusivity]
kind = "polynomial"
argument = "eo_li_ratio"
coefficients_m2_per_s = [-3.09546e-16, -8.14922e-15, 5.01302e-13, -2.57336e-12]
valid_range = [10.0, 20.0]

[uncertainty]
voltage_offset_V = 0.1
"""
