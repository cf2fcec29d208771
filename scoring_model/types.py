"""Array types for annotations. The docstrings give the shapes."""

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
LabelArray = NDArray[np.int8]
"""1 = default, 0 = repaid."""
RowNumbers = NDArray[np.intp]
