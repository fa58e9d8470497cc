"""`python -m schemas.lock`: publish schema versions under ids, refuse what would break a reader.

``lock.json`` keeps each version ever published with its whole schema: logs and changelogs hold
records of all of them.  Ids are never used twice.
"""

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from schemas.avro import SchemaError, fingerprint, parse_record, without_docs
from schemas.compatibility import breaking, renamed
from schemas.registry import LOCK_FILE, Lock, Version, read_lock, read_schemas
from schemas.topics import TOPICS


def shared_records() -> set[str]:
    """The records that more than their writer reads; rows of tables come back to it alone."""
    return {record for topic in TOPICS if topic.table is None for record in topic.values}


def problems(schemas: Mapping[str, Any], lock: Lock, shared: set[str]) -> list[str]:
    """Why the schemas may not be published after what the lock holds, a line for each."""
    found = [
        f"{name}: the record may not be removed or renamed, what was written with it must decode"
        for name in lock.keys() - schemas.keys()
    ]
    for name, versions in lock.items():
        if name not in schemas or versions[-1].fingerprint == fingerprint(schemas[name]):
            continue
        new = parse_record(schemas[name])
        found += renamed(new, parse_record(versions[-1].schema))
        # Logs are kept for good, so every old version counts, not only the last.
        for version in versions:
            old = parse_record(version.schema)
            reasons = breaking(new, old, old_readers=name in shared)
            found += [f"{reason} [version {version.version}]" for reason in reasons]
    return found


def unpublished(schemas: Mapping[str, Any], lock: Lock) -> list[str]:
    """The records whose schema is not the newest one of the lock."""
    return [
        name
        for name, schema in schemas.items()
        if name not in lock or lock[name][-1].fingerprint != fingerprint(schema)
    ]


def publish(schemas: Mapping[str, Any], lock: Lock) -> Lock:
    """The lock with a new version, under a new id, of each record that is not published."""
    next_id = 1 + max((v.id for versions in lock.values() for v in versions), default=0)
    published = dict(lock)
    for name in unpublished(schemas, lock):
        schema = schemas[name]
        versions = lock.get(name, ())
        new = Version(next_id, len(versions) + 1, fingerprint(schema), without_docs(schema))
        published[name] = (*versions, new)
        next_id += 1
    return published


def write_lock(lock: Lock, path: Path) -> None:
    """A version a line, so that a change to the lock reads well."""
    records = []
    for name, versions in sorted(lock.items()):
        lines = ",\n".join(
            "    "
            + json.dumps(
                {"id": v.id, "version": v.version, "fingerprint": v.fingerprint, "schema": v.schema}
            )
            for v in versions
        )
        records.append(f'  "{name}": [\n{lines}\n  ]')
    path.write_text("{\n" + ",\n".join(records) + "\n}\n")


def main(arguments: list[str] | None = None) -> int:
    """Check or write; returns the exit code: 0, or 1 with the reasons on standard error."""
    parser = argparse.ArgumentParser(prog="python -m schemas.lock", description=__doc__)
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument("--check", action="store_true", help="refuse what is not published")
    mode.add_argument("--write", action="store_true", help="publish what has changed compatibly")
    options = parser.parse_args(arguments)
    try:
        schemas, lock = read_schemas(), read_lock()
        reasons = problems(schemas, lock, shared_records())
    except SchemaError as error:
        reasons = [str(error)]
    if not reasons and options.check:
        reasons = [
            f"{name}.avsc has changed: run `python -m schemas.lock --write`"
            for name in unpublished(schemas, lock)
        ]
    for reason in reasons:
        print(reason, file=sys.stderr)
    if reasons:
        return 1
    if options.write:
        write_lock(publish(schemas, lock), LOCK_FILE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
