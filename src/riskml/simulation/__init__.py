"""A simulated county whose true risks are known; ``simulate`` writes its records folder."""

from riskml.simulation.parameters import Parameters, load_parameters
from riskml.simulation.simulate import simulate

__all__ = ["Parameters", "load_parameters", "simulate"]
