"""The names of the package: loaded when first used."""

from __future__ import annotations

import pkgutil
import subprocess
import sys
from importlib import import_module

import iondrift


def test_public_names_stay_what_they_are_when_every_module_is_imported() -> None:
    modules = [
        name for _, name, _ in pkgutil.walk_packages(iondrift.__path__, "iondrift.") if not name.endswith("__main__")
    ]
    assert len(modules) > 30
    for name in modules:
        import_module(name)
    for name in set(iondrift.__all__) - set(iondrift._MODULES):
        assert callable(getattr(iondrift, name)), f"iondrift.{name} is not callable"


def test_importing_the_package_loads_no_science() -> None:
    code = "import sys, iondrift; print('numpy' in sys.modules, callable(iondrift.drt), 'numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True", "True"]
