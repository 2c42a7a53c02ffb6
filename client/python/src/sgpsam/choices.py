"""Arguments that are one of a few words, or a few numbers: what is neither is a ValueError that names them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TypeVar

T = TypeVar("T")


def choice(name: str, value: object, choices: Mapping[str, T]) -> T:
    if isinstance(value, str) and value in choices:
        return choices[value]
    raise ValueError(f"{name} is one of {', '.join(map(repr, choices))}, not {value!r}")


def numbers(name: str, values: Sequence[float], count: int) -> tuple[float, ...]:
    """`count` finite numbers of any type that float() takes, numpy's among them."""
    try:
        floats = tuple(float(value) for value in values)
    except (TypeError, ValueError):
        floats = ()
    if len(floats) != count or not all(map(math.isfinite, floats)):
        raise ValueError(f"{name}: expected {count} finite numbers, not {values!r}")
    return floats


def triple(name: str, values: Sequence[float]) -> tuple[float, float, float]:
    x, y, z = numbers(name, values, 3)
    return x, y, z
