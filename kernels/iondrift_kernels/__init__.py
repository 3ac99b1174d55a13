"""Compiled kernels: arrays in, arrays out.

Nothing in this package knows a file, a name or a unit other than SI. One file holds one method; its public
twin in ``iondrift`` bears the same name.
"""
