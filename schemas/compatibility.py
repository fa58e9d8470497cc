"""Whether records written with one version of a schema can be read with another.

Avro's rules for the part of Avro that we use, and four rules that Avro does not have: nothing is
renamed, no enum symbol goes away, a promotion from int to long has no way back, and what was
removed does not return as another type.
"""

from schemas.avro import NO_DEFAULT, Array, Enum, Field, Primitive, Record, Type


def unreadable(reader: Record, writer: Record) -> list[str]:
    """Why ``reader`` cannot read what ``writer`` wrote, a line for each place; empty if it can."""
    return _compare(reader, writer, reader.name)


def breaking(new: Record, old: Record, *, old_readers: bool) -> list[str]:
    """Why ``new`` may not follow ``old``; empty if it may.

    ``old_readers``: programs that know only the old version go on reading (public records);
    without it only the new version reads, what both wrote (rows of tables).
    """
    problems = unreadable(new, old)
    if old_readers:
        problems += [
            f"{problem} (for readers of the old version)" for problem in unreadable(old, new)
        ]
    return problems + _lost_symbols(new, old, new.name)


def _compare(reader: Type, writer: Type, where: str) -> list[str]:
    match reader, writer:
        case Primitive(), Primitive():
            if reader == writer or (reader.name == "long" and writer.name == "int"):
                return []
            return [f"{where}: type {writer.name} cannot be read as {reader.name}"]
        case Enum(), Enum():
            return _compare_enums(reader, writer, where)
        case Array(), Array():
            return _compare(reader.items, writer.items, f"{where}[]")
        case Record(), Record():
            return _compare_records(reader, writer, where)
    return [f"{where}: type {_kind(writer)} cannot be read as {_kind(reader)}"]


def _compare_records(reader: Record, writer: Record, where: str) -> list[str]:
    problems = [] if reader.name == writer.name else [_other_name(reader, writer, where)]
    written = {field.name: field for field in writer.fields}
    for field in reader.fields:
        place = f"{where}.{field.name}"
        if field.name in written:
            problems += _compare(field.type, written[field.name].type, place)
        elif field.default is NO_DEFAULT:
            problems.append(f"{place}: without a default it cannot be left out by a writer")
    return problems


def _compare_enums(reader: Enum, writer: Enum, where: str) -> list[str]:
    problems = [] if reader.name == writer.name else [_other_name(reader, writer, where)]
    unknown = [symbol for symbol in writer.symbols if symbol not in reader.symbols]
    if unknown and reader.default is None:
        problems.append(f"{where}: symbol {', '.join(unknown)} is unknown, and there is no default")
    return problems


def _other_name(reader: Record | Enum, writer: Record | Enum, where: str) -> str:
    return f"{where}: type {writer.name} cannot be read as {reader.name}"


def _lost_symbols(new: Type, old: Type, where: str) -> list[str]:
    """Avro would read a lost symbol as the default: the records that hold it would change."""
    match new, old:
        case Enum(), Enum():
            lost = [symbol for symbol in old.symbols if symbol not in new.symbols]
            return [f"{where}: symbol {', '.join(lost)} may not be removed"] if lost else []
        case Array(), Array():
            return _lost_symbols(new.items, old.items, f"{where}[]")
        case Record(), Record():
            return [
                problem
                for field, before in _shared(new, old)
                for problem in _lost_symbols(field.type, before.type, f"{where}.{field.name}")
            ]
    return []


def renamed(new: Record, old: Record) -> list[str]:
    """Fields that seem renamed between two versions in a row: their values would be lost.

    One gone and one of its type come in one step is a rename.  To replace a field on purpose,
    add the new one in one version and remove the old one in the next.
    """
    return _renamed(new, old, new.name)


def _renamed(new: Type, old: Type, where: str) -> list[str]:
    match new, old:
        case Array(), Array():
            return _renamed(new.items, old.items, f"{where}[]")
        case Record(), Record():
            now, then = {f.name for f in new.fields}, {f.name for f in old.fields}
            gone = [field for field in old.fields if field.name not in now]
            come = [field for field in new.fields if field.name not in then]
            problems = [
                f"{where}.{before.name}: looks renamed to {after.name}; "
                "add the new field first, remove the old one in a later version"
                for before in gone
                for after in come
                if before.type == after.type
            ]
            for field, before in _shared(new, old):
                problems += _renamed(field.type, before.type, f"{where}.{field.name}")
            return problems
    return []


def _shared(new: Record, old: Record) -> list[tuple[Field, Field]]:
    before = {field.name: field for field in old.fields}
    return [(field, before[field.name]) for field in new.fields if field.name in before]


def _kind(kind: Type) -> str:
    match kind:
        case Array():
            return f"array of {_kind(kind.items)}"
        case Primitive() | Enum() | Record():
            return kind.name
