"""Score each household's risk of falling back into poverty within a year, alongside the rule line (防止返贫)."""

import os

# Before LightGBM loads its thread library: threads that wait must sleep, not spin. Spinning costs nothing on an idle
# machine, but on one that also does other work every short tree waits for its turn on the processor.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
