"""Steps between preprocess and train that keep features in the feature store."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class FeatureSteps:
    """The steps, which channels come from them, and what a version must know; none where nothing is kept."""

    steps: tuple[Any, ...] = ()
    # Outputs that come from one of the steps, and not from preprocess.
    sources: Mapping[str, Any] = field(default_factory=dict)
    # What a version's metadata say of it.
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def source(self, output: str, preprocess: Any) -> Any:
        """The step whose output of that name is trained on."""
        return self.sources.get(output, preprocess)
