"""Provenance as RO-Crate metadata, against the rules of RO-Crate 1.1 and of Process Run Crate 0.5.

roc-validator checks the same and more; it asks for a rich of before 14, so that it cannot be installed beside iondrift.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

import pytest
from typer.testing import CliRunner

import cells
from iondrift.cli.app import app
from iondrift.ledger import LEDGER
from iondrift.runs.crate import CRATE


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("crate with a space")
    file = cells.write_cell(folder / "cell")
    done = CliRunner().invoke(app, ["run", str(file), "--out", str(folder / "out"), "--csv", "--quiet"])
    assert done.exit_code == 0, done.output
    return folder / "out"


@pytest.fixture(scope="module")
def entities(results: Path) -> dict[str, Any]:
    content = json.loads((results / CRATE).read_text())
    assert content["@context"][0] == "https://w3id.org/ro/crate/1.1/context"
    found = {entity["@id"]: entity for entity in content["@graph"]}
    assert len(found) == len(content["@graph"])  # one entity an @id
    return found


def references(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for entry in value:
            yield from references(entry)
    elif isinstance(value, dict):
        yield value["@id"]


def test_descriptor_and_root_say_what_they_are(entities: dict[str, Any]) -> None:
    assert entities[CRATE]["about"] == {"@id": "./"}
    assert entities[CRATE]["conformsTo"] == {"@id": "https://w3id.org/ro/crate/1.1"}
    root = entities["./"]
    assert root["@type"] == "Dataset"
    assert datetime.fromisoformat(root["datePublished"]).tzinfo is not None
    assert {"name", "description", "license"} <= {*root}
    assert entities[root["conformsTo"]["@id"]]["@type"] == "CreativeWork"


def test_the_action_names_its_tool_inputs_settings_and_results(entities: dict[str, Any]) -> None:
    (action,) = (entity for entity in entities.values() if entity["@type"] == "CreateAction")
    assert action["@id"] in references(entities["./"]["mentions"])
    tool = entities[action["instrument"]["@id"]]
    assert (tool["@type"], tool["name"]) == ("SoftwareApplication", "iondrift")
    assert {entities[name]["name"] for name in references(tool["softwareRequirements"])} >= {"numpy", "numba", "scipy"}
    assert datetime.fromisoformat(action["startTime"]) <= datetime.fromisoformat(action["endTime"])
    kinds = [entities[name]["@type"] for name in references(action["object"])]
    assert kinds.count("File") == cells.PROFILES + 1
    settings = {e["name"]: e["value"] for e in entities.values() if e["@type"] == "PropertyValue"}
    assert settings["experiment.electrolyte.temperature_K"] == 313.15
    assert settings["bands.seed"] == 0


def test_every_reference_leads_to_an_entity(entities: dict[str, Any]) -> None:
    outside = ("https://w3id.org/ro/crate/1.1", "http://schema.org/CompletedActionStatus")
    for entity in entities.values():
        for key, value in entity.items():
            if not key.startswith("@"):
                assert {*references(value)} <= {*entities, *outside}, (entity["@id"], key)


def test_every_file_is_part_of_it_with_its_digest(results: Path, entities: dict[str, Any]) -> None:
    parts = {*references(entities["./"]["hasPart"])}
    files = [entity for entity in entities.values() if entity["@type"] == "File"]
    assert {entity["@id"] for entity in files} <= parts
    for entity in files:
        address = urlparse(entity["@id"])
        path = Path(unquote(address.path)) if address.scheme == "file" else results / entity["@id"]
        assert hashlib.sha256(path.read_bytes()).hexdigest() == entity["sha256"]
        assert "/" in entity["encodingFormat"]
    stores = {entity["@id"] for entity in entities.values() if entity["@id"].endswith(".zarr/")}
    assert stores == {"results.zarr/"}
    there = {path.relative_to(results).as_posix() for path in results.rglob("*") if path.is_file()}
    loose = {name for name in there if not name.startswith("results.zarr/")}
    assert loose - {LEDGER, CRATE} == {entity["@id"] for entity in files if "sha256" in entity} & loose


def test_warnings_of_the_report_are_comments(results: Path, entities: dict[str, Any]) -> None:
    warnings = json.loads((results / "summary.json").read_text())["warnings"]
    assert [entity["text"] for entity in entities.values() if entity["@type"] == "Comment"] == warnings
