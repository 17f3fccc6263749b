"""Names of the array types that most modules use; shapes and units are stated where an array is taken or returned."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]
Codes = NDArray[np.int8]
Positions = NDArray[np.intp]
