"""What a caller may ask for beside the answer."""

import re
from dataclasses import dataclass

from api.errors import BadRequestError, NotFoundError
from api.served_model import ServedModel

# What InvokeEndpoint and S3 both take; shorter than the API's own \S[\p{Print}]*.
INFERENCE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")
VARIANT = re.compile(r"[A-Za-z0-9](-*[A-Za-z0-9]){0,62}")
LONGEST_ENTITY_ID = 256


@dataclass(frozen=True, slots=True)
class Wishes:
    """The headers of a request for predictions, each None where it is left open."""

    inference_id: str | None = None
    variant: str | None = None
    entity_id: str | None = None

    def check(self) -> None:
        """Raise BadRequestError for what cannot be wished for."""
        if self.inference_id is not None and not INFERENCE_ID.fullmatch(self.inference_id):
            raise BadRequestError("X-Inference-Id must be 1 to 64 of letters, digits and . _ : -")
        if self.variant is not None and not VARIANT.fullmatch(self.variant):
            raise BadRequestError("X-Target-Variant must be a variant's name")
        if self.entity_id is not None and not 0 < len(self.entity_id) <= LONGEST_ENTITY_ID:
            raise BadRequestError(f"X-Entity-Id must have 1 to {LONGEST_ENTITY_ID} characters")

    def chosen_variant(self, served: ServedModel | None) -> str | None:
        """The variant that must answer; None where the weights decide. Raises NotFoundError."""
        if self.variant is not None:
            if served is not None and self.variant not in served.variants:
                raise NotFoundError(
                    f"there is no variant '{self.variant}'; there are: {', '.join(served.variants)}"
                )
            return self.variant
        if self.entity_id is not None and served is not None:
            return served.for_entity(self.entity_id)
        return None
