"""How the rows of a model version are encoded: by the group and the encoder that its package names."""

import asyncio
import hashlib
import json
import logging
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, Field, ValidationError

from api.aws import Aws, AwsCall, AwsError
from api.project import S3_URI
from api.tabular.schema import Schema

log = logging.getLogger(__name__)

# Keys of a version's CustomerMetadataProperties.
FEATURE_GROUP_NAME, ENCODER_URI = "feature-group-name", "encoder-uri"
# API reference, CreateFeatureGroup.
GROUP_NAME = re.compile(r"[a-zA-Z0-9]([_-]*[a-zA-Z0-9]){0,63}")
CALL_SECONDS = 3.0


class Scaling(BaseModel, frozen=True, extra="ignore"):
    """What turns a number x into (x - mean) / scale."""

    name: str
    mean: float = Field(allow_inf_nan=False)
    scale: float = Field(allow_inf_nan=False, gt=0)


class Encoder(BaseModel, frozen=True, extra="ignore"):
    """What this image needs of the encoder.json that preprocessing fitted: how numbers are scaled."""

    version: Literal[1]
    numeric: tuple[Scaling, ...]
    encoded_names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Encoding:
    """The group with the columns of each combination of categories, and the encoder that scales numbers."""

    feature_group_name: str
    encoder: Encoder
    encoder_sha256: str


class EncodingError(Exception):
    """A version's rows cannot be encoded here; the message says why."""


class Encodings:
    """The encodings of model versions.

    Package and encoder.json of a version never change, so what was read stays;
    what could not be read is asked for again with each `learn`, and the reason is
    logged when it changes. `None` instead of an encoding means raw rows, which
    the endpoint encodes itself to the same bits.
    """

    def __init__(self, aws: Aws, schema: Schema) -> None:
        self._aws = aws
        self._schema = schema
        self._known: dict[str, Encoding] = {}
        self._reasons: dict[str, str] = {}

    def of(self, model_package_arns: Iterable[str | None]) -> Encoding | None:
        """The one encoding that all of those versions have; None where there is none, or it is not known."""
        found = [self._known.get(arn or "") for arn in model_package_arns]
        return found[0] if found and all(each == found[0] for each in found) else None

    async def learn(self, model_package_arns: Iterable[str]) -> None:
        """Read what is not known of those versions, and forget the others."""
        arns = set(model_package_arns)
        self._known = {arn: each for arn, each in self._known.items() if arn in arns}
        self._reasons = {arn: each for arn, each in self._reasons.items() if arn in arns}
        await asyncio.gather(*(self._learn(arn) for arn in arns if arn not in self._known))

    async def _learn(self, arn: str) -> None:
        try:
            async with asyncio.timeout(CALL_SECONDS):
                self._known[arn] = await self._read(arn)
        except (EncodingError, AwsError, TimeoutError) as error:
            reason = str(error) or f"no answer within {CALL_SECONDS:g} s"
            if self._reasons.get(arn) != reason:
                log.warning("encoding.unknown model_package=%s rows=raw reason=%r", arn, reason)
            self._reasons[arn] = reason
        else:
            self._reasons.pop(arn, None)
            known = self._known[arn]
            log.info(
                "encoding.known model_package=%s feature_group=%s encoder=%s",
                arn,
                known.feature_group_name,
                known.encoder_sha256,
            )

    async def _read(self, arn: str) -> Encoding:
        metadata = await self._metadata(arn)
        group, uri = metadata.get(FEATURE_GROUP_NAME), metadata.get(ENCODER_URI)
        if not isinstance(group, str) or not GROUP_NAME.fullmatch(group):
            raise EncodingError(f"its metadata names no feature group as {FEATURE_GROUP_NAME}")
        place = S3_URI.fullmatch(uri) if isinstance(uri, str) else None
        if place is None:
            raise EncodingError(f"its metadata names no object as {ENCODER_URI}")
        content = await self._object(place[1], place[2])
        encoder = parse_encoder(content, self._schema, place[0])
        return Encoding(group, encoder, hashlib.sha256(content).hexdigest())

    async def _metadata(self, arn: str) -> Mapping[str, object]:
        answer = await self._aws.send(
            AwsCall.to_control_plane("DescribeModelPackage", {"ModelPackageName": arn}, CALL_SECONDS)
        )
        if answer.status != 200:
            raise EncodingError(f"DescribeModelPackage: {answer.status} {answer.code}")
        found = answer.document().get("CustomerMetadataProperties")
        return found if isinstance(found, dict) else {}

    async def _object(self, bucket: str, key: str) -> bytes:
        answer = await self._aws.send(
            AwsCall("s3", "GetObject", "GET", f"/{bucket}/{key}", seconds=CALL_SECONDS, is_safe=True)
        )
        if answer.status != 200:
            raise EncodingError(f"S3 answers {answer.status} for its encoder s3://{bucket}/{key}")
        return answer.body


def parse_encoder(content: bytes, schema: Schema, where: str) -> Encoder:
    """The encoder in `content`. Raises EncodingError where it is none, or not one of the schema's rows."""
    try:
        encoder = Encoder.model_validate(json.loads(content))
    except (ValidationError, ValueError, RecursionError):
        raise EncodingError(f"{where} is no encoder.json of version 1") from None
    numbers = [feature.name for feature in schema.numeric]
    columns = [each.encoded_name for feature in schema.categorical for each in feature.categories]
    if [each.name for each in encoder.numeric] != numbers:
        raise EncodingError(f"{where} scales other numbers than the schema's: {', '.join(numbers)}")
    if list(encoder.encoded_names) != numbers + columns:
        raise EncodingError(f"{where} has other encoded_names than the schema")
    return encoder
