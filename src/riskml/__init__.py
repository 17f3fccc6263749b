"""Risk of return to poverty within a year, scored alongside the rule line (防止返贫)."""

import os

# Before LightGBM loads its thread library: threads that wait must sleep, not spin. Spinning costs nothing on an idle
# machine, but on one that also does other work every short tree waits for a turn of the processor.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
