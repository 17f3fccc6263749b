"""The service beside an empty endpoint of the same app and beside MLflow's scoring server, in one run."""

from riskml_serving.devtools.benchmark.run import run
from riskml_serving.devtools.benchmark.targets import TARGETS

__all__ = ["TARGETS", "run"]
