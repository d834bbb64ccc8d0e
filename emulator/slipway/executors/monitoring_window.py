"""What there is to be monitored: the folders of S3 that an execution's hours have something in."""

import math
from collections.abc import Callable, Iterable, Mapping

from slipway.api import Api
from slipway.errors import ServiceError
from slipway.monitors.definition import Definition
from slipway.monitors.job_requests import below, merged_uri
from slipway.monitors.partitions import days, hours_in
from slipway.monitors.timing import HOUR_SECONDS, Span
from slipway.resources.resource import Owner
from slipway.staging.s3 import S3
from slipway.staging.s3_uri import S3Uri

# AWS's words for an execution whose hours nobody called the endpoint in.
NO_DATA = "Job inputs had no data"

Hours = dict[str, set[int]]


class NothingToMonitorError(Exception):
    """The execution fails without a job; the text says why."""


class Windows:
    """Looks at endpoints and their objects for executions."""

    def __init__(self, api: Api, s3_of: Callable[[Owner, str], S3], flush: Callable[[], bool]) -> None:
        """`flush` stores what endpoints have captured and nobody has stored yet."""
        self._api = api
        self._s3_of = s3_of
        self._flush = flush

    def destination(self, owner: Owner, endpoint_name: str) -> tuple[str, list[str]]:
        """Where an endpoint's captured calls lie, and its variants. Raises NothingToMonitorError."""
        try:
            described = self._api(owner, "sagemaker", "DescribeEndpoint", {"EndpointName": endpoint_name})
        except ServiceError as error:
            raise NothingToMonitorError(f"ClientError: {error}") from error
        capture = described.get("DataCaptureConfig")
        if capture is None:
            raise NothingToMonitorError(
                f"ClientError: Endpoint '{endpoint_name}' does not capture its calls; give its configuration "
                "a DataCaptureConfig."
            )
        variants = [each["VariantName"] for each in described.get("ProductionVariants", [])]
        return capture["DestinationS3Uri"], variants

    def captured(
        self, owner: Owner, definition: Definition, destination: str, variants: Iterable[str], span: Span
    ) -> Hours:
        """The hours of `span` in which calls were captured, by variant. Raises StagingError."""
        # By now every call of them has been answered, but its line may be on its way.
        self._flush()
        return self._hours(owner, definition, destination, variants, span)

    def merged(self, owner: Owner, definition: Definition, variants: Iterable[str], span: Span) -> Hours:
        """The hours of `span` that merge jobs have written something of, by variant. Raises StagingError."""
        return self._hours(owner, definition, merged_uri(definition), variants, span)

    def labels(self, owner: Owner, definition: Definition, start: float, end: float) -> set[int]:
        """The hours from `start` to `end` in which ground truth was uploaded. Raises StagingError."""
        uri = S3Uri.parse(below(definition.ground_truth_uri or "", ""))
        first = math.floor(start) // HOUR_SECONDS * HOUR_SECONDS
        return {hour for hour in self._below(owner, definition, uri, start, end) if first <= hour <= end}

    def forget_merged(self, owner: Owner, definition: Definition, folders: Mapping[str, list[str]]) -> None:
        """Remove what earlier merge jobs wrote of some folders by variant, so that no call is there twice."""
        s3 = self._s3_of(owner, definition.role_arn)
        for variant, each in ((variant, each) for variant, some in folders.items() for each in some):
            uri = S3Uri.parse(below(merged_uri(definition), f"{definition.endpoint_name}/{variant}/{each}/"))
            s3.delete(uri.bucket, [stored.key for stored in s3.objects(uri.bucket, uri.key)])

    def _hours(
        self, owner: Owner, definition: Definition, place: str, variants: Iterable[str], span: Span
    ) -> Hours:
        wanted = set(span.hours())
        found: Hours = {}
        for variant in variants:
            uri = S3Uri.parse(below(place, f"{definition.endpoint_name}/{variant}/"))
            hours = self._below(owner, definition, uri, span.start, span.end) & wanted
            if hours:
                found[variant] = hours
        return found

    def _below(self, owner: Owner, definition: Definition, uri: S3Uri, start: float, end: float) -> set[int]:
        """The hours whose folders below `uri` have something in them, of the days from `start` to `end`."""
        s3 = self._s3_of(owner, definition.role_arn)
        keys = [
            stored.key
            for day in days(start, end)
            for stored in s3.objects(uri.bucket, f"{uri.key}{day}/")
            if stored.size
        ]
        return hours_in(keys, uri.key)
