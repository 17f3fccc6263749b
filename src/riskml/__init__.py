"""Score each household's risk of falling back into poverty within a year, alongside the rule line (防止返贫致贫)."""

import os

# This must be set before LightGBM loads its thread library, so that waiting threads sleep instead of spinning. Spinning
# costs nothing on an idle machine, but on a machine that also does other work it delays every tree of a model.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
