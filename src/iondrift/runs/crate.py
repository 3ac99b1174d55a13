"""Provenance that machines read: RO-Crate metadata of a folder of results, profile Process Run Crate 0.5.

One action (the run), its instrument (iondrift and what it computes with), its objects (input files, settings)
and its results. https://w3id.org/ro/wfrun/process/0.5
"""

from __future__ import annotations

import mimetypes
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from iondrift.ledger import MANIFEST, fingerprint
from iondrift.runs.record import Record

CRATE = "ro-crate-metadata.json"
_CONTEXT = "https://w3id.org/ro/crate/1.1/context"
_CRATE_PROFILE, _RUN_PROFILE = "https://w3id.org/ro/crate/1.1", "https://w3id.org/ro/wfrun/process/0.5"
_HOME = "https://doi.org/10.5281/zenodo.14103250"  # of the method and its data
_STORE = "https://zarr.dev/"

Entity = dict[str, Any]


def metadata(
    staging: Path, record: Record, *, name: str, warnings: Iterable[str], began: datetime, ended: datetime
) -> Mapping[str, Any]:
    """Return the metadata of results that are complete in a folder.

    Parameters
    ----------
    staging
        Where the files are; all in it belong to the crate.
    record
        What they are made of.
    name
        Of the cell or the series.
    warnings
        That the report holds, and what a solver proved.
    began, ended
        Of the computation, with their time zone.
    """
    results = [_result(item, staging) for item in _items(staging)]
    inputs = [_input(file, digest, record) for file, digest in record.inputs.items()]
    settings = [_setting(setting, value) for setting, value in _flat(record.settings)]
    comments = [_comment(k, text) for k, text in enumerate(warnings, 1)]
    libraries = [_software(library, version) for library, version in record.versions.items()]
    root: Entity = {
        "@id": "./",
        "@type": "Dataset",
        "name": f"iondrift {record.command}: {name}",
        "description": "Results, the settings and inputs they were made of, and the warnings of their report.",
        "datePublished": ended.isoformat(timespec="seconds"),
        "license": "Not stated: that of the measurements applies.",
        "conformsTo": {"@id": _RUN_PROFILE},
        "hasPart": [_reference(entity) for entity in (*results, *inputs)],
        "mentions": {"@id": "#run"},
        **({"comment": [_reference(entity) for entity in comments]} if comments else {}),
    }
    action: Entity = {
        "@id": "#run",
        "@type": "CreateAction",
        "name": f"iondrift {record.command}",
        "description": f"Analysis of {name}; input paths are as seen from {record.base}",
        "instrument": {"@id": libraries[0]["@id"]},
        "object": [_reference(entity) for entity in (*inputs, *settings)],
        "result": [_reference(entity) for entity in results],
        "startTime": began.isoformat(timespec="seconds"),
        "endTime": ended.isoformat(timespec="seconds"),
        "actionStatus": {"@id": "http://schema.org/CompletedActionStatus"},
    }
    libraries[0]["softwareRequirements"] = [_reference(entity) for entity in libraries[1:]]
    descriptor: Entity = {
        "@id": CRATE,
        "@type": "CreativeWork",
        "about": {"@id": "./"},
        "conformsTo": {"@id": _CRATE_PROFILE},
    }
    profile: Entity = {"@id": _RUN_PROFILE, "@type": "CreativeWork", "name": "Process Run Crate", "version": "0.5"}
    graph = [descriptor, root, profile, action, *libraries, *results, *inputs, *settings, *comments]
    return {
        "@context": [_CONTEXT, {"sha256": "http://schema.org/sha256"}],
        "@graph": [{key: _single(value) for key, value in entity.items()} for entity in graph],
    }


def _single(value: Any) -> Any:
    """Return a list of one as the one, as RO-Crate recommends."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _items(staging: Path) -> list[Path]:
    """Return files of a folder, a store as one."""
    stores = {manifest.parent for manifest in staging.rglob(MANIFEST)}
    files = [f for f in staging.rglob("*") if f.is_file() and not any(above in stores for above in f.parents)]
    return sorted([*stores, *files])


def _result(item: Path, staging: Path) -> Entity:
    place = item.relative_to(staging).as_posix()
    if item.is_dir():
        return {
            "@id": f"{place}/",
            "@type": "Dataset",
            "name": item.name,
            "description": f"Labelled arrays as a Zarr store ({_STORE}); its {MANIFEST} lists every file.",
        }
    return {
        "@id": place,
        "@type": "File",
        "name": place,
        "encodingFormat": _kind(item),
        "contentSize": str(item.stat().st_size),
        "sha256": fingerprint(item),
    }


def _kind(path: Path) -> str:
    return mimetypes.guess_type(path.name)[0] or "application/octet-stream"


def _input(file: str, digest: str, record: Record) -> Entity:
    """Return an input: it is not in the crate, so that its place is an address."""
    path = Path(record.base, file).resolve()
    return {"@id": path.as_uri(), "@type": "File", "name": file, "encodingFormat": _kind(path), "sha256": digest}


def _setting(name: str, value: Any) -> Entity:
    return {"@id": f"#setting-{name}", "@type": "PropertyValue", "name": name, "value": value}


def _comment(number: int, text: str) -> Entity:
    return {"@id": f"#warning-{number}", "@type": "Comment", "name": f"Warning {number}", "text": text}


def _software(name: str, version: str) -> Entity:
    address = f"{_HOME}#iondrift" if name == "iondrift" else f"https://pypi.org/project/{name}/"
    return {
        "@id": address, "@type": "SoftwareApplication", "name": name, "softwareVersion": version, "url": address,
    }  # fmt: skip


def _reference(entity: Entity) -> Entity:
    return {"@id": entity["@id"]}


def _flat(settings: Mapping[str, Any], above: str = "") -> list[tuple[str, Any]]:
    """Return settings that have a value, by dotted names; lists as text."""
    found: list[tuple[str, Any]] = []
    for name, value in settings.items():
        if isinstance(value, Mapping):
            found += _flat(value, f"{above}{name}.")
        elif value is not None:
            found.append((f"{above}{name}", str(value) if isinstance(value, list) else value))
    return found
