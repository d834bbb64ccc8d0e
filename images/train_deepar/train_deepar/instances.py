"""Instances of a request to series that a model can continue."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from train_deepar.days import Days, read_day
from train_deepar.errors import BadInstanceError, shown
from train_deepar.features import FeatureReader
from train_deepar.panel import Panel
from train_deepar.refusals import Refused, known_words, number
from train_deepar.series import Series
