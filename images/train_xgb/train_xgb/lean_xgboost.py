"""XGBoost, imported without its scikit-learn wrappers.

XGBoost imports scikit-learn where it is installed, for estimator classes that
this image does not use. That takes 0.6 s of the 0.85 s that the import lasts,
at the start of every training job and every endpoint. Without scikit-learn
XGBoost leaves those classes out, so for the length of its import there is none.
"""

import sys

_HIDDEN = "sklearn"

if _HIDDEN in sys.modules:
    import xgboost
else:
    # None makes an import of that name fail, as if it were not installed.
    sys.modules[_HIDDEN] = None  # type: ignore[assignment]
    try:
        import xgboost
    finally:
        del sys.modules[_HIDDEN]

__all__ = ["xgboost"]
