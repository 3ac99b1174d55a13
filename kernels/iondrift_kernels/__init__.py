"""Compiled kernels: arrays in, arrays out.

Nothing in this package knows a file, a name or a unit other than SI. One file holds one method; where it has a
slow and obvious twin, that one bears the same name in ``iondrift.reference``.
"""
