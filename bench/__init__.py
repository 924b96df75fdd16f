"""Benches. One BLAS thread, set before numpy comes: the figures are per core, and small matrices are faster so."""

import os

for _threads in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")
