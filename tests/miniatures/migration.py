"""The parameters of migration, which tell whether a request has changed anything."""

from __future__ import annotations

from typing import Any

from .schema import UINT64, Broken, RefusedError

_LIMITS = {
    "downtime_limit": (0, 2_000_000, 300),
    "max_cpu_throttle": (20, 99, 99),
    "cpu_throttle_initial": (1, 99, 20),
}
"""The least and the greatest integer that each parameter takes, and what it is."""
_WIDE = {"max_postcopy_bandwidth": (0, UINT64 - 1, 0)}


class Migration:
    """The commands; the name of each method is that of its command."""

    def __init__(self, broken: Broken) -> None:
        self._broken = broken
        self._limits = {**_LIMITS, **_WIDE} if "wide" in broken else _LIMITS
        self._parameters = {name: usual for name, (_, _, usual) in self._limits.items()}

    def change(self) -> None:
        """Change what queries show."""
        self._parameters |= {name: value + 1 for name, value in self._parameters.items()}

    def _migrate_set_parameters(self, **given: int) -> dict[str, Any]:
        for name, value in given.items():
            low, high, _ = self._limits[name]
            if not low <= value <= high:
                raise RefusedError(f"Parameter '{name}' expects {low} to {high}")
        if "parameter-dropped" in self._broken:
            return {}
        if "other-parameter-moves" in self._broken:
            others = self._parameters.keys() - given.keys()
            self._parameters |= {name: self._parameters[name] + 1 for name in others}
        if "parameter-in-pages" in self._broken:
            given = {name: n - n % 4096 if 4096 < n < 8192 else n for name, n in given.items()}
        stuck = self._parameters if "parameter-not-set-back" in self._broken else {}
        self._parameters |= {name: n for name, n in given.items() if stuck.get(name, n) == n}
        return {}

    def _query_migrate_parameters(self) -> dict[str, Any]:
        more = int("parameter-reads-otherwise" in self._broken)
        return {name.replace("_", "-"): value + more for name, value in self._parameters.items()}
