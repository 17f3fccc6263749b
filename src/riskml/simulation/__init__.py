"""A simulated county with known truth: ``simulate`` writes its records folder."""

from riskml.simulation.parameters import Parameters, load_parameters
from riskml.simulation.simulate import simulate

__all__ = ["Parameters", "load_parameters", "simulate"]
