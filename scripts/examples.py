"""Write one page of the examples in the docstrings of the public functions, each run as it is written.

Call: python scripts/examples.py FILE.html; exit status 1 where an example does not give what it says.
"""

from __future__ import annotations

import doctest
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from jinja2 import Template

import iondrift

PAGE = Template(
    """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>iondrift by example</title>
<style>body { max-width: 50rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.5 system-ui, sans-serif; }
pre { overflow-x: auto; padding: .7rem; border: 1px solid #8886; border-radius: .3rem; }
.printed { border-style: dashed; }</style></head>
<body><main><h1>iondrift by example</h1>
<p>Every line was run with iondrift {{ version }}; what it printed stands below it.</p>
{% for one in examples %}<section id="{{ one.name }}"><h2>iondrift.{{ one.name }}</h2>
<p>{{ one.about }}</p>
{% for step in one.steps %}<pre tabindex="0">{{ step.source }}</pre>
{% if step.want %}<pre class="printed" tabindex="0">{{ step.want }}</pre>
{% endif %}{% endfor %}</section>
{% endfor %}</main></body></html>
""",
    autoescape=True,
)


def examples() -> Iterator[tuple[str, Any, doctest.DocTest]]:
    """Give each public name with its object and its examples, those of its methods among them."""
    finder = doctest.DocTestFinder(exclude_empty=True)
    for name in sorted(iondrift.__all__):
        public = getattr(iondrift, name)
        found = [] if inspect.ismodule(public) else finder.find(public, name, globs={"iondrift": iondrift})
        for test in found:
            home = vars(inspect.getmodule(public) or SimpleNamespace())
            test.globs = {**home, "iondrift": iondrift}
            if test.examples:
                yield test.name, public, test


def main(file: Path) -> int:
    """Run all examples; write the page where all of them hold."""
    runner, shown = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE), []
    for name, public, test in examples():
        runner.run(test, clear_globs=False)
        steps = [SimpleNamespace(source=step.source.rstrip(), want=step.want.rstrip()) for step in test.examples]
        about = (inspect.getdoc(public) or "").partition("\n")[0]
        shown.append(SimpleNamespace(name=name, about=about, steps=steps))
    if runner.failures:
        return 1
    file.write_text(PAGE.render(version=iondrift.__version__, examples=shown), encoding="utf-8")
    print(f"{file} written: {runner.tries} examples of {len(shown)} names")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
