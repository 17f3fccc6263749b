"""Write a simulated county as the lists of its departments, with the truth of every row."""

from riskml.simulation.lists.write import write_lists

__all__ = ["write_lists"]
