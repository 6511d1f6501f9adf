"""One value of a TOML document to its typed setting, by the setting's type.

What a type can not say by itself is in its `Meta`: bounds, how a number is written, and words for values.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, cast

import msgspec.inspect as of
import msgspec.structs

from patchdeck import durations
from patchdeck.settings import DURATION, SHARE

Path = tuple[str | int, ...]
"""Where a value stands in the document: keys, and indexes of arrays."""


class Mistake(ValueError):
    """One thing that is wrong with a document, and where."""

    def __init__(self, path: Path, says: str) -> None:
        super().__init__(says)
        self.path = path


def unlike(path: Path, expected: str, found: str) -> Mistake:
    """The common kind of mistake."""
    return Mistake(path, f"expected {expected}, found {found}")


def key_of(field: of.Field | msgspec.structs.FieldInfo) -> str:
    """The key that a field has in the file: a duration carries its unit in its value, not in its name."""
    kind = of.type_info(field.type) if isinstance(field, msgspec.structs.FieldInfo) else field.type
    return field.name.removesuffix("_s") if _extra(kind).get("written") == DURATION else field.name


def struct(kind: of.StructType, value: object, path: Path = ()) -> Any:
    """A table as the struct of this type.

    Raises: Mistake.
    """
    table = _a(dict, "a table", value, path)
    fields = {key_of(field): field for field in kind.fields}
    for key in table:
        if key not in fields:
            raise unlike((*path, key), _known(key, fields), f"the unknown key {_quoted(key)}")
    return kind.cls(
        **{fields[key].name: convert(fields[key].type, one, (*path, key)) for key, one in table.items()}
    )


def convert(kind: of.Type, value: object, path: Path) -> Any:
    """A value as the type says.

    Raises: Mistake.
    """
    extra = _extra(kind)
    if isinstance(kind, of.Metadata):
        kind = kind.type
    words = extra.get("words")
    if words is not None and not (extra.get("written") and value not in words):
        return _word(kind, words, value, path)
    match kind:
        case of.StructType():
            return struct(kind, value, path)
        case of.VarTupleType():
            several = "tables" if isinstance(kind.item_type, of.StructType) else "values"
            items = _a(list, f"an array of {several}", value, path)
            return tuple(convert(kind.item_type, item, (*path, index)) for index, item in enumerate(items))
        case of.DictType():
            table = _a(dict, "a table", value, path)
            return {key: convert(kind.value_type, item, (*path, key)) for key, item in table.items()}
        case of.FloatType() | of.IntType():
            return _number(kind, extra.get("written"), value, path)
        case of.BoolType():
            return _a(bool, "true or false", value, path)
        case of.StrType():
            return _a(str, "a text in quotes", value, path)
    raise TypeError(f"no way to read {kind} from a file")


def _word(kind: of.Type, words: Mapping[str, object], value: object, path: Path) -> object:
    if isinstance(value, str) and value in words:
        return words[value]
    named = [f'"{word}"' for word in words]
    if isinstance(kind, of.UnionType) and any(isinstance(one, of.BoolType) for one in kind.types):
        if isinstance(value, bool):
            return value
        named = [*named, "true", "false"]
    raise unlike(path, _either(named), found(value))


def _number(kind: of.FloatType | of.IntType, written: str | None, value: object, path: Path) -> float | int:
    number: float | int
    if written == DURATION:
        what = durations.EXPECTED
        text = _a(str, what, value, path)
        try:
            number = durations.parse(text)
        except ValueError as error:
            raise unlike(path, str(error).removeprefix("expected "), found(value)) from error
    elif written == SHARE:
        what = 'a share in per cent, as in "20%"'
        text = _a(str, what, value, path)
        try:
            number = round(float(text.removesuffix("%")) / 100, 9)
        except ValueError as error:
            raise unlike(path, what, found(value)) from error
        if not text.endswith("%"):
            raise unlike(path, what, found(value))
    elif isinstance(kind, of.IntType):
        what = "a whole number"
        number = _a(int, what, value, path)
    else:
        what = "a number"
        number = float(cast("float", value)) if type(value) in (int, float) else _a(float, what, value, path)
    if not _within(kind, number):
        raise unlike(path, f"{what}{_bounds(kind, written)}", found(value))
    return number


def _within(kind: of.FloatType | of.IntType, number: float) -> bool:
    """Comparisons with NaN are false, so that it is within nothing."""
    return (
        (kind.gt is None or number > kind.gt)
        and (kind.ge is None or number >= kind.ge)
        and (kind.le is None or number <= kind.le)
    )


def _bounds(kind: of.FloatType | of.IntType, written: str | None) -> str:
    def shown(number: float) -> str:
        if not number:
            return "0"
        if written == DURATION:
            return durations.written(number)
        return f"{number * 100:g}%" if written == SHARE else str(number)

    least = f"more than {shown(kind.gt)}" if kind.gt is not None else f"at least {shown(kind.ge or 0)}"
    most = f" and at most {shown(kind.le)}" if kind.le is not None else ""
    return f", {least}{most}"


def _a(wanted: type[Any], what: str, value: object, path: Path) -> Any:
    """The value if it is exactly of this TOML type: true is not 1, and 5 is not 5.0."""
    if type(value) is not wanted:
        raise unlike(path, what, found(value))
    return value


def _extra(kind: of.Type) -> Mapping[str, Any]:
    return (kind.extra or {}) if isinstance(kind, of.Metadata) else {}


def _known(key: str, known: Mapping[str, object]) -> str:
    close = get_close_matches(key, known, n=1, cutoff=0.5)
    return close[0] if close else f"one of {', '.join(known)}"


def _either(named: list[str]) -> str:
    return f"{', '.join(named[:-1])} or {named[-1]}"


def found(value: object) -> str:
    """A value as it would be written, short and on one line."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return _quoted(value)
        case dict():
            return "a table"
        case list():
            return "an array" if value else "an empty array"
        case dt.datetime() | dt.date() | dt.time():
            return f"the time {value.isoformat()}"
    return _cut(str(value))


def _quoted(text: str) -> str:
    return json.dumps(text if len(text) <= 40 else f"{text[:39]}…", ensure_ascii=not text.isprintable())


def _cut(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:39]}…"
