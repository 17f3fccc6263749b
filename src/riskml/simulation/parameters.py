"""The parameters of the simulated county: declared here, valued with unit and source in ``params.yaml``."""

from __future__ import annotations

from difflib import get_close_matches
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import yaml
from numpy.typing import NDArray

from riskml.errors import SimulationError, shorten_list

__all__ = ["Parameters", "load_parameters"]

Many = tuple[float, ...]


class County(NamedTuple):
    """Places, lines and the people at the start; see ``params.yaml`` for units and sources."""

    start_year: float
    households_per_village: float
    villages_per_town: Many
    burn_in: float
    line_first: float
    line_growth: float
    line_step: float
    floor_share: float
    income_growth: float
    exited_share: float
    workers_shares: Many
    elders_shares: Many
    kids_shares: Many
    dependant_share: float
    migrant_share: float
    farm_worker_share: float
    skilled_share: float
    weak_share: float
    chronic_share: float
    disabled_share: float
    distance_median: float
    distance_spread: float
    distance_least: float
    labour_slope: float
    business_share: Many
    transfer_share: Many
    transfer_reach: float
    property_share: float
    venture_share: float
    frailty_spread: float
    trade_shares: Many
    trade_risk: Many
    trade_volatility: Many
    missing_rate: Many


class Process(NamedTuple):
    """What happens in a month; compiled code reads these; see ``params.yaml`` for units and sources."""

    wage_memory: float
    wage_persistent: float
    wage_turn: Many
    wage_passing: float
    business_memory: float
    business_persistent: float
    business_turn: Many
    business_passing: float
    wage_season: Many
    crop_season: Many
    stock_season: Many
    farm_labour: float
    labour_poor_drift: float
    job_loss: float
    migrant_risk: float
    weak_risk: float
    unstable_risk: float
    unstable_months: float
    rehire: float
    odd_jobs: float
    rehire_wage: float
    retire_age: float
    retire: float
    pension: float
    drag_onset: Many
    drag_recovery: Many
    drag_left: float
    drag_most: float
    admission: float
    admission_cost: Many
    serious: float
    serious_cost: Many
    chronic_risk: float
    elder_risk: float
    treatment_end: float
    treatment_cost: Many
    sick_worker: float
    recover: float
    illness_drag: float
    burden_most: float
    basic_deductible: float
    basic_share: float
    insurance_threshold: float
    insurance_share: float
    aid_threshold: float
    aid_share: float
    accident: float
    accident_drag: float
    disability: float
    disability_drag: float
    elder_death: float
    worker_death: float
    birth: float
    venture_failure: float
    venture_start: float
    venture_drag: float
    venture_cost: float
    housing: float
    water: float
    disaster: float
    disaster_season: Many
    disaster_severity: Many
    disaster_hit: float
    disaster_drag: float
    disaster_cost: float
    senior_share: float
    college_share: float
    senior_fee: float
    college_fee: float
    fee_spread: float
    school_drag: float
    dropout: float
    missing_again: float
    inpatient_exited: float
    inpatient_ordinary: float
    school_trigger: float
    loss_trigger: float
    alert_keep: float
    alert_low_months: float
    alert_event: float
    alert_severe: float
    entry: float
    entry_below: float
    need_top: float
    need_least: float
    emergency: float
    help_gain: float
    help_most: float
    help_fade: float
    clear_months: float
    clear_margin: float
    clear: float

    def pack(self) -> NDArray[np.void]:
        """Pack the values into one record: compiled code is handed a pointer instead of a hundred numbers."""
        fields = [
            (name, "f8", len(value)) if isinstance(value, tuple) else (name, "f8")
            for name, value in self._asdict().items()
        ]
        return np.array([tuple(self)], np.dtype(fields))


class Recording(NamedTuple):
    """When and how well things are written down; see ``params.yaml`` for units and sources."""

    reported_at_once: float
    report_delay: Many
    very_late: Many
    corrected: float
    withdrawn: float
    medical_late: float
    event_delay: Many
    event_known: float
    visits: float
    leads: Many
    outpatient: float


class Parameters(NamedTuple):
    """All parameters, by who reads them."""

    county: County
    process: Process
    recording: Recording


def load_parameters(replaced: Path | dict[str, Any] | None = None) -> Parameters:
    """Read the parameters of the package, with some of them replaced.

    Parameters
    ----------
    replaced : path or dict, optional
        A YAML file (or its content) of ``name: value`` or ``name: {value: ..., unit: ..., source: ...}``.

    Returns
    -------
    parameters : Parameters
        The values in force.

    Raises
    ------
    SimulationError
        A name is unknown, or a value is not a number (or not a list of as many numbers as the original).

    Examples
    --------
    >>> load_parameters({"job_loss": 0.01}).process.job_loss
    0.01
    >>> load_parameters({"job_los": 0.01})
    Traceback (most recent call last):
    riskml.errors.SimulationError: 1 unknown parameter(s) of the simulation: job_los.
    did you mean 'job_loss' for 'job_los'?
    """
    text = resources.files("riskml.simulation").joinpath("params.yaml").read_text("utf-8")
    values = {name: _value(name, entry) for name, entry in yaml.safe_load(text).items()}
    for name, entry in _entries(replaced, values).items():
        values[name] = _like(name, _value(name, entry), values[name])
    return Parameters(
        *(part(**{name: values[name] for name in part._fields}) for part in (County, Process, Recording)),  # type: ignore[arg-type]
    )


def _entries(replaced: Path | dict[str, Any] | None, known: dict[str, float | Many]) -> dict[str, Any]:
    if replaced is None:
        return {}
    if isinstance(replaced, Path):
        try:
            entries = yaml.safe_load(replaced.read_text("utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise SimulationError(
                f"The parameter file {replaced} cannot be read: {error}", "Write lines of `name: value`."
            ) from error
    else:
        entries = replaced
    if entries is None:
        return {}
    if not isinstance(entries, dict):
        raise SimulationError(f"The parameter file holds a {type(entries).__name__}.", "Write lines of `name: value`.")
    unknown = [str(name) for name in entries if name not in known]
    if unknown:
        close = [(name, match[0]) for name in unknown if (match := get_close_matches(name, known, n=1))]
        hint = "; ".join(f"did you mean {found!r} for {name!r}?" for name, found in close)
        raise SimulationError(
            f"{len(unknown)} unknown parameter(s) of the simulation: {shorten_list(unknown)}.",
            hint or "riskml/simulation/params.yaml lists all of them.",
        )
    return entries


def _value(name: str, entry: Any) -> float | Many:
    value: Any = entry.get("value") if isinstance(entry, dict) else entry
    many: list[Any] = value if isinstance(value, list) else [value]
    if any(isinstance(item, bool) or not isinstance(item, int | float) for item in many) or not many:
        raise SimulationError(f"Parameter {name!r} is {value!r}.", "Give a number, or a list of numbers.")
    return tuple(float(item) for item in many) if isinstance(value, list) else float(many[0])


def _like(name: str, value: float | Many, original: float | Many) -> float | Many:
    wanted = len(original) if isinstance(original, tuple) else 0
    given = len(value) if isinstance(value, tuple) else 0
    if wanted != given:
        shape = f"a list of {wanted} numbers" if wanted else "one number"
        raise SimulationError(f"Parameter {name!r} is {value!r}.", f"It must be {shape}.")
    return value
