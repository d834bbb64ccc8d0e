"""GluonTS's networks, imported without its estimators.

The packages that the networks lie in import estimators at once, and with them
Lightning's trainer and PyTorch's compiler, which this image does not use. That
takes half of the 4 s and a fifth of the memory of a serving process. So for the
length of the import these packages are folders and nothing more.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import gluonts

_PACKAGES = ("gluonts.torch", "gluonts.torch.model", "gluonts.torch.model.deepar", "gluonts.torch.model.tft")


@contextmanager
def _bare_packages() -> Iterator[None]:
    """The packages without what their __init__ does; those that are imported already stay as they are."""
    bare: list[str] = []
    try:
        for name in _PACKAGES:
            if name in sys.modules:
                continue
            module = ModuleType(name)
            module.__path__ = [str(Path(gluonts.__path__[0]).joinpath(*name.split(".")[1:]))]
            sys.modules[name] = module
            bare.append(name)
        yield
    finally:
        # Whoever wants the whole package may still import it.
        for name in bare:
            del sys.modules[name]


with _bare_packages():
    from gluonts.torch.distributions import NegativeBinomialOutput, QuantileOutput, StudentTOutput
    from gluonts.torch.model.deepar.module import DeepARModel
    from gluonts.torch.model.tft.module import TemporalFusionTransformerModel
    from gluonts.torch.scaler import MeanScaler

__all__ = [
    "DeepARModel",
    "MeanScaler",
    "NegativeBinomialOutput",
    "QuantileOutput",
    "StudentTOutput",
    "TemporalFusionTransformerModel",
]
