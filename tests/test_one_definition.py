"""One definition of each thing: keywords, records, experiment file and command line name the same options."""

from __future__ import annotations

import inspect
from dataclasses import fields
from typing import Any

import pytest

from iondrift.drift.bands.options import DrawKeywords, DrawOptions
from iondrift.drift.inputs import DriftInputs, InputOptions
from iondrift.drift.inverse.options import FitKeywords, FitOptions
from iondrift.drift.smoothing.penalised_splines import SplineOptions, smooth
from iondrift.impedance import options as impedance
from iondrift.readers.impedance.options import ReadingKeywords, ReadingOptions
from iondrift.readers.log import LogKeywords, LogLayout
from iondrift.transport.forward.simulation import ForwardAcquisition, ForwardCell, ForwardKeywords, ForwardProtocol


def names_of(*records: type) -> set[str]:
    return {entry.name for record in records for entry in fields(record)}


@pytest.mark.parametrize(
    ("keywords", "records"),
    [
        (DrawKeywords, (DrawOptions,)),
        (FitKeywords, (FitOptions,)),
        (impedance.ModelKeywords, (impedance.DrtModel,)),
        (impedance.ReadoutKeywords, (impedance.Readout,)),
        (impedance.DrawKeywords, (impedance.BandDraws,)),
        (ReadingKeywords, (ReadingOptions,)),
        (LogKeywords, (LogLayout,)),
        (ForwardKeywords, (ForwardCell, ForwardProtocol, ForwardAcquisition)),
    ],
    ids=lambda found: getattr(found, "__name__", ""),
)
def test_keywords_are_the_fields_of_their_records(keywords: type, records: tuple[type, ...]) -> None:
    assert set(keywords.__annotations__) == names_of(*records)


@pytest.mark.parametrize(("keywords", "function"), [(InputOptions, DriftInputs.of), (SplineOptions, smooth)])
def test_keywords_passed_on_are_those_of_the_function_that_takes_them(keywords: type, function: Any) -> None:
    taken = inspect.signature(function).parameters
    assert set(keywords.__annotations__) <= {name for name, p in taken.items() if p.kind is p.KEYWORD_ONLY}
