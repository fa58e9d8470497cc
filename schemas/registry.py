"""The schemas beside this file with the ids under which ``lock.json`` has published them.

Records are named without the namespace, as their class in ``schemas.records``.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from schemas.avro import Record, SchemaError, fingerprint, parse_record

DIRECTORY = Path(__file__).parent
LOCK_FILE = DIRECTORY / "lock.json"
NAMESPACE = "tradeflow"


@dataclass(frozen=True, slots=True)
class Version:
    """One published version of a record's schema; ``schema`` is its JSON without docs."""

    id: int
    version: int
    fingerprint: str
    schema: Any


Lock = dict[str, tuple[Version, ...]]
"""All versions of each record, oldest first."""


def read_schemas(directory: Path = DIRECTORY) -> dict[str, Any]:
    """The JSON of each ``<Record>.avsc``, by record name; raises SchemaError."""
    schemas = {}
    for path in sorted(directory.glob("*.avsc")):
        try:
            schema = json.loads(path.read_text())
        except ValueError as error:
            raise SchemaError(f"{path.name}: not JSON: {error}") from None
        record = parse_record(schema)
        if record.name != path.stem or schema.get("namespace") != NAMESPACE:
            raise SchemaError(
                f"{path.name}: defines {schema.get('namespace')}.{record.name}, "
                f"expected {NAMESPACE}.{path.stem}"
            )
        schemas[record.name] = schema
    return schemas


def read_lock(path: Path = LOCK_FILE) -> Lock:
    """The published versions; empty where there is no lock file yet; raises SchemaError."""
    if not path.exists():
        return {}
    try:
        return {
            name: tuple(Version(**version) for version in versions)
            for name, versions in json.loads(path.read_text()).items()
        }
    except (AttributeError, TypeError, ValueError) as error:
        raise SchemaError(f"{path.name}: not a lock file: {error}") from None


@dataclass(frozen=True, slots=True)
class Registry:
    """What the codec needs: the newest version of each record, and the writer of each id."""

    newest: dict[str, tuple[int, Record]]
    writers: dict[int, Record]


@cache
def registry() -> Registry:
    """The published schemas; raises SchemaError where an avsc is not the newest published one."""
    newest = {}
    writers = {}
    lock = read_lock()
    for name, schema in read_schemas().items():
        versions = lock.get(name, ())
        if not versions or versions[-1].fingerprint != fingerprint(schema):
            raise SchemaError(f"{name}.avsc is not published: run `python -m schemas.lock --write`")
        newest[name] = (versions[-1].id, parse_record(schema))
        for version in versions:
            writers[version.id] = parse_record(version.schema)
    return Registry(newest, writers)
