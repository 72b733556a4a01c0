"""Every setting with its path, type, default and meaning, read from the schema itself."""

from __future__ import annotations

import types
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, BeforeValidator
from pydantic.fields import FieldInfo

from louver.doors.settings.fields import read_size, read_time
from louver.doors.settings.marks import Path
from louver.doors.settings.schema import File


@dataclass(frozen=True, slots=True)
class Setting:
    """One key of the file; `*` in `path` stands for a name of your own, `[]` for a list entry."""

    path: str
    kind: str
    default: str
    meaning: str


def settings() -> Iterator[Setting]:
    """All settings in the order of the schema."""
    yield from _of(File, "")


def known_keys(path: Path) -> frozenset[str]:
    """The keys that the section at `path` may have; empty where keys are free."""
    model: type[BaseModel] = File
    free = False
    for step in path:
        if free or isinstance(step, int):
            free = False
            continue
        info = model.model_fields.get(step)
        inner = _section(info.annotation) if info else None
        if info is None or inner is None:
            return frozenset()
        model = inner
        free = _container(info.annotation) is dict
    return frozenset() if free else frozenset(model.model_fields)


def _of(model: type[BaseModel], prefix: str) -> Iterator[Setting]:
    for name, info in model.model_fields.items():
        path = f"{prefix}{name}"
        inner = _section(info.annotation)
        yield Setting(path, _kind_of(info), _default(info), info.description or "")
        if inner is not None:
            between = {dict: ".*.", list: "[]."}.get(_container(info.annotation), ".")
            yield from _of(inner, f"{path}{between}")


def _arguments(annotation: Any) -> tuple[Any, ...]:
    return tuple(a for a in get_args(annotation) if a is not types.NoneType)


def _container(annotation: Any) -> Any:
    return get_origin(annotation)


def _section(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in (dict, list):
        return _section(_arguments(annotation)[-1])
    return None


def _kind_of(info: FieldInfo) -> str:
    return _quantity(info) or _kind(info.annotation)


def _quantity(info: FieldInfo) -> str | None:
    """`time` or `size` where a unit is written; pydantic keeps the parser in the metadata."""
    parsers = {m.func for m in info.metadata if isinstance(m, BeforeValidator)}
    return "time" if read_time in parsers else "size" if read_size in parsers else None


def _kind(annotation: Any) -> str:
    origin = get_origin(annotation)
    if origin is Literal:
        return " \\| ".join(f"`{value}`" for value in get_args(annotation))
    if origin in (Union, types.UnionType):
        return " \\| ".join(_kind(a) for a in _arguments(annotation)) + " \\| `null`"
    if origin is dict:
        return f"name: {_kind(_arguments(annotation)[-1])}"
    if origin is list:
        return f"list of {_kind(_arguments(annotation)[0])}"
    if origin is Annotated:
        return _kind(get_args(annotation)[0])
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "section"
    words = {str: "text", int: "number", float: "number", bool: "`true` \\| `false`"}
    return words.get(annotation, "value")


def _default(info: FieldInfo) -> str:
    if info.is_required():
        return "(required)"
    value = info.get_default(call_default_factory=True, validated_data={})
    if isinstance(value, BaseModel):
        return ""
    if value is None:
        return "`null`"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, list):
        return f"`[{', '.join(map(str, value))}]`"
    if isinstance(value, dict):
        return "`{}`"
    if _quantity(info) == "time":
        days = value / 86_400
        return f"`{days:g}d`" if days >= 1 and days.is_integer() else f"`{value:g}s`"
    return f"`{value // 10**6}MB`" if _quantity(info) == "size" else f"`{value}`"
