"""Chooses the compiled core for this processor; the only import of the binary.

Two builds of the same sources are installed on x86-64: ``_core`` runs everywhere, ``_core_v3`` uses AVX2 and FMA, and
AVX-512 in the products of Gram matrices where the processor has it.
``PYREWEIGHT_ISA=baseline`` or ``PYREWEIGHT_ISA=v3`` overrides the choice.
"""

import os

from . import _core as _baseline


def _load():
    isa = os.environ.get("PYREWEIGHT_ISA", "").strip().lower()
    if isa not in ("", "baseline", "v3"):
        raise ImportError(f"PYREWEIGHT_ISA must be 'baseline' or 'v3', got {isa!r}")
    if isa == "v3" and not _baseline.supports_v3():
        raise ImportError("PYREWEIGHT_ISA=v3 needs a processor with AVX2, FMA and BMI2")
    if isa == "baseline" or not _baseline.supports_v3():
        return _baseline
    try:
        from . import _core_v3
    except ImportError:
        if isa == "v3":
            raise
        return _baseline
    return _core_v3


core = _load()
