"""The online store: the encoded columns of each record's categories."""

import asyncio
import json
from collections.abc import Mapping, Sequence

from api.aws import Aws, AwsCall, AwsError, AwsTimeoutError
from api.errors import BadGatewayError, UnavailableError, UpstreamTooSlowError
from api.tabular.encodings import Encoding

# API reference, BatchGetRecord: the identifiers of one group in one call.
MOST_IDENTIFIERS = 100

Columns = Mapping[str, str]


class OnlineStore:
    """Look-ups in feature groups."""

    def __init__(self, aws: Aws, seconds: float) -> None:
        self._aws = aws
        self._seconds = seconds

    async def find(self, encoding: Encoding, keys: Sequence[str]) -> dict[str, Columns]:
        """The columns of each key that is in the group; several calls side by side where there are many keys.

        Raises UnavailableError, BadGatewayError or UpstreamTooSlowError where any of them cannot be read.
        """
        wanted = list(dict.fromkeys(keys))
        parts = [wanted[at : at + MOST_IDENTIFIERS] for at in range(0, len(wanted), MOST_IDENTIFIERS)]
        found: dict[str, Columns] = {}
        for each in await asyncio.gather(*(self._part(encoding, part) for part in parts)):
            found |= each
        return found

    async def _part(self, encoding: Encoding, keys: Sequence[str]) -> dict[str, Columns]:
        group = encoding.feature_group_name
        names = encoding.encoder.encoded_names[len(encoding.encoder.numeric) :]
        # Whole records: a group of encodings has little beside the columns.
        asked = {"FeatureGroupName": group, "RecordIdentifiersValueAsString": list(keys)}
        call = AwsCall(
            service="features",
            name="BatchGetRecord",
            method="POST",
            path="/BatchGetRecord",
            body=json.dumps({"Identifiers": [asked]}).encode(),
            headers={"Content-Type": "application/json"},
            seconds=self._seconds,
            is_safe=True,
        )
        try:
            answer = await self._aws.send(call)
        except AwsTimeoutError as error:
            raise UpstreamTooSlowError("the feature store did not answer in time") from error
        except AwsError as error:
            raise UnavailableError("the feature store cannot be reached", retry_after=1) from error
        document = answer.document()
        if answer.status == 429 or answer.status >= 500 or document.get("UnprocessedIdentifiers"):
            raise UnavailableError("the feature store is overloaded", retry_after=1)
        if answer.status != 200 or document.get("Errors"):
            told = answer.code or next((each.get("ErrorCode") for each in document.get("Errors", ())), "")
            raise BadGatewayError(
                f"the feature store refused a look-up in '{group}' ({told or answer.status})"
            )
        return {
            record["RecordIdentifierValueAsString"]: _columns(group, record["Record"], names)
            for record in document.get("Records", ())
        }


def _columns(group: str, record: Sequence[Mapping[str, str]], names: Sequence[str]) -> Columns:
    values = {each["FeatureName"]: each.get("ValueAsString", "") for each in record}
    if missing := [name for name in names if name not in values]:
        raise BadGatewayError(f"a record of '{group}' lacks {', '.join(missing[:5])}; ingest the group again")
    return values
