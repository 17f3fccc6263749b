"""The parameters of the simulated county; ``params.yaml`` declares each with its unit and source."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import yaml
from numpy.typing import NDArray

from riskml.errors import SimulationError, explain_os_error, suggest_names
from riskml.policy import load_policy
from riskml.simulation.state import SPENDING
from riskml.text import Text, read_data, shorten_list

Process = Any
"""The parameters of the monthly process, as compiled code receives them: a record with one field per parameter."""

Value = float | tuple[float, ...]


class Parameters(NamedTuple):
    """All parameters, each a float or a tuple of floats, grouped as in ``params.yaml`` by the code that reads them."""

    county: SimpleNamespace
    process: SimpleNamespace
    recording: SimpleNamespace

    def pack(self) -> NDArray[np.void]:
        """Pack the process parameters into a record, so that compiled code gets one pointer, not a hundred numbers."""
        values = vars(self.process) | {"counted": tuple(float(counts) for counts in count_spending())}
        fields = [(name, "f8", np.shape(value)) for name, value in values.items()]
        return np.array([tuple(values.values())], np.dtype(fields))


def count_spending() -> tuple[bool, ...]:
    """Return whether each item of `state.SPENDING` counts as unavoidable according to the packaged policy table."""
    switches = load_policy().spending
    return tuple(switches[item].counts for item in SPENDING)


def load_parameters(overrides: Path | dict[str, Any] | None = None) -> Parameters:
    """Load the parameters, and replace those for which ``overrides`` has a value.

    Parameters
    ----------
    overrides : path or dict, optional
        A YAML file, or its content, with entries ``name: value`` or ``name: {value: ..., unit: ..., source: ...}``.

    Raises
    ------
    SimulationError
        If a name is unknown, or if a value is not a number (or a list as long as the original, if that is a list).

    Examples
    --------
    >>> load_parameters({"job_loss": 0.01}).process.job_loss
    0.01
    >>> load_parameters({"job_los": 0.01})
    Traceback (most recent call last):
    riskml.errors.SimulationError: 1 unknown parameter(s) of the simulation: job_los.
    did you mean 'job_loss' for 'job_los'?
    """
    groups = {
        group: {name: _parse(name, entry) for name, entry in entries.items()}
        for group, entries in read_data("riskml.simulation", "params.yaml").items()
    }
    group_of = {name: group for group, entries in groups.items() for name in entries}
    replacements = _read_overrides(overrides)
    if unknown := [str(name) for name in replacements if name not in group_of]:
        raise SimulationError(
            "{count} unknown parameter(s) of the simulation: {unknown}.",
            suggest_names(unknown, group_of) or "riskml/simulation/params.yaml lists all of them.",
            count=len(unknown),
            unknown=shorten_list(unknown),
        )
    for name, entry in replacements.items():
        values = groups[group_of[name]]
        values[name] = _parse(name, entry, like=values[name])
    return Parameters(**{group: SimpleNamespace(**values) for group, values in groups.items()})


def _read_overrides(overrides: Path | dict[str, Any] | None) -> dict[str, Any]:
    entries: Any = overrides
    if isinstance(overrides, Path):
        try:
            entries = yaml.safe_load(overrides.read_text("utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise SimulationError(
                "The parameter file {overrides} cannot be read: {reason}",
                "Write lines of `name: value`.",
                overrides=overrides,
                reason=_explain_reason(error),
            ) from error
    if not isinstance(entries, dict | None):
        raise SimulationError(
            "The parameter file holds a {kind}.", "Write lines of `name: value`.", kind=type(entries).__name__
        )
    return entries or {}


def _explain_reason(error: Exception) -> str:
    if isinstance(error, OSError):
        return explain_os_error(error)
    return Text("it is not UTF-8") if isinstance(error, UnicodeDecodeError) else str(error)


def _parse(name: str, entry: Any, like: Value | None = None) -> Value:
    """Parse a number or a list of numbers, which must have the length of ``like`` if ``like`` is passed."""
    value: Any = entry.get("value") if isinstance(entry, dict) else entry
    numbers: list[Any] = value if isinstance(value, list) else [value]
    if any(isinstance(number, bool) or not isinstance(number, int | float) for number in numbers) or not numbers:
        raise SimulationError(
            "Parameter {name!r} is {value!r}.", "Give a number, or a list of numbers.", name=name, value=value
        )
    parsed = tuple(map(float, numbers)) if isinstance(value, list) else float(value)
    if like is not None and np.shape(parsed) != np.shape(like):
        form = Text("a list of {count} numbers", count=len(like)) if isinstance(like, tuple) else Text("one number")
        raise SimulationError(
            "Parameter {name!r} is {parsed!r}.", "It must be {form}.", name=name, parsed=parsed, form=form
        )
    return parsed
