"""Results as an RO-Crate 1.1. docs/export.md says which validators the crate of this catalogue was held against."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from pytest_bets.diagnostics import CommandError
from pytest_bets.export.crate import crate
from pytest_bets.export.load import load
from pytest_bets.export.ro_crate import METADATA
from pytest_bets.project import Project, locate
from tests.helpers.sites import HOSTILE, write_catalogue


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Return a project with the results of four bets and a license."""
    write_catalogue(tmp_path)
    (tmp_path / "LICENSE").write_text("MIT")
    return locate(tmp_path, str(tmp_path / "results"), str(tmp_path))


def made(project: Project, terms: str | None = None) -> tuple[dict[str, bytes], dict[str, dict[str, Any]]]:
    """Return the files of a crate, and its entities by id."""
    files = crate(project, load(project.results, rootdir=project.root), terms)
    graph = json.loads(files[METADATA])
    assert graph["@context"] == "https://w3id.org/ro/crate/1.1/context"
    entities = {entity["@id"]: entity for entity in graph["@graph"]}
    assert len(entities) == len(graph["@graph"])
    return files, entities


def references(value: Any) -> set[str]:
    if isinstance(value, list):
        return set().union(*map(references, value))
    return {value["@id"]} if isinstance(value, dict) and value.keys() == {"@id"} else set()


def test_the_root_has_what_the_specification_demands(project: Project) -> None:
    """Name, description, license, and the date of the last run."""
    files, entities = made(project)
    descriptor, root = entities[METADATA], entities["./"]
    assert descriptor["conformsTo"] == {"@id": "https://w3id.org/ro/crate/1.1"}
    assert (descriptor["@type"], descriptor["about"]) == ("CreativeWork", {"@id": "./"})
    assert (root["@type"], root["datePublished"], root["license"]) == (
        "Dataset",
        "2026-01-05T12:00:00Z",
        {"@id": "LICENSE"},
    )
    assert "4 bets: 1 PASS" in root["description"]
    assert {unquote(part["@id"]) for part in root["hasPart"]} == files.keys() - {METADATA}


def test_every_file_and_every_reference_is_there(project: Project) -> None:
    """Sizes are those of the files, whose bytes are those of the project; nothing refers to what is not described."""
    files, entities = made(project)
    for path, data in files.items():
        if path != METADATA:
            assert data == (project.root / path).read_bytes()
            assert entities[path]["contentSize"] == str(len(data))
            assert entities[path]["encodingFormat"]
    assert entities["bets/bet_1_made.py"]["@type"] == ["File", "SoftwareSourceCode"]
    for entity in entities.values():
        found = set().union(*(references(value) for key, value in entity.items() if key != "conformsTo"))
        assert found <= entities.keys()


def test_each_record_has_the_run_that_wrote_it(project: Project) -> None:
    """With its time, its instrument and its result."""
    entities = made(project)[1]
    assert entities["#run-2_made"] == {
        "@id": "#run-2_made",
        "@type": "CreateAction",
        "name": "Run of bet 2_made",
        "description": entities["#run-2_made"]["description"],
        "endTime": "2026-01-03T12:00:00Z",
        "result": {"@id": "results/2_made.json"},
        "instrument": {"@id": "bets/bet_2_made.py"},
    }
    assert entities["results/2_made.json"]["name"] == "Record of bet 2_made: claim 2"


def test_a_license_is_named(project: Project) -> None:
    """By the file, an address, or a text; without one there is no crate."""
    entities = made(project, "https://creativecommons.org/licenses/by/4.0/")[1]
    assert entities["./"]["license"] == {"@id": "https://creativecommons.org/licenses/by/4.0/"}
    assert entities["https://creativecommons.org/licenses/by/4.0/"]["@type"] == "CreativeWork"
    assert made(project, "all rights reserved")[1]["./"]["license"] == "all rights reserved"
    (project.root / "LICENSE").unlink()
    with pytest.raises(CommandError, match=r"names a license: there is no file LICENSE in .*; use --license"):
        made(project)


def test_the_text_of_strangers_stays_text(tmp_path: Path) -> None:
    """A title is a value of the JSON, and a file of a record is not followed out of the project."""
    write_catalogue(tmp_path, hostile=HOSTILE)
    project = locate(tmp_path, str(tmp_path / "results"), str(tmp_path))
    entities = made(project, "MIT")[1]
    assert any(HOSTILE.split("\x1b")[0] in str(entity.get("name")) for entity in entities.values())


def test_the_library_of_the_field_reads_it(project: Project, tmp_path: Path) -> None:
    """ro-crate-py finds every file."""
    library = pytest.importorskip("rocrate.rocrate", reason="needs pip install rocrate")
    for path, data in made(project)[0].items():
        (tmp_path / "out" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "out" / path).write_bytes(data)
    found = library.ROCrate(str(tmp_path / "out"))
    assert len(list(found.data_entities)) == len(made(project)[0]) - 1
