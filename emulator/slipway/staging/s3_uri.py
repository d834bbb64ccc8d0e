"""Where an object, or all objects that begin alike, are."""

import re
from dataclasses import dataclass
from typing import Self

from slipway.staging.errors import StagingError

FORM = re.compile(r"s3://([^/]+)/?(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class S3Uri:
    """A bucket, and a key or the beginning of some."""

    bucket: str
    key: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read s3://bucket/key. Raises StagingError."""
        match = FORM.fullmatch(text)
        if match is None:
            raise StagingError(f"ClientError: {text!r} is no S3 URI; write s3://bucket/key.")
        return cls(*match.groups())

    def __str__(self) -> str:
        """As AWS writes it."""
        return f"s3://{self.bucket}/{self.key}"

    def below(self, relative: str) -> Self:
        """The same place with more path, a slash between."""
        base = self.key.rstrip("/")
        return type(self)(self.bucket, f"{base}/{relative}" if base else relative)

    def relative(self, key: str) -> str:
        """The path of a key that begins as this one does, as a file of the folder that holds them all.

        Where the beginning is a folder's name, slash or not, the path starts in that folder. Where it
        cuts a name, the whole name is kept; what SageMaker does there is not documented.
        """
        rest = key[len(self.key) :]
        if key != self.key and (rest.startswith("/") or not self.key or self.key.endswith("/")):
            return rest.lstrip("/")
        return key[self.key.rfind("/") + 1 :]
