"""The feature store's requests as nearly all of them are, understood in a fraction of the time.

What is read here is what `parsing` and `validation` would make of the same request, to the
letter; whatever is not plain in every respect is left to them, refusals above all.
"""

import json
import re
import uuid
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any
from urllib.parse import unquote_plus

from botocore.model import Shape

from slipway.protocol.call import HttpAnswer, HttpRequest, SoonAnswer
from slipway.protocol.identity import owner_of
from slipway.protocol.service_model import FEATURE_STORE_RUNTIME, ServiceModels
from slipway.protocol.validation import broken_constraints
from slipway.resources.document import Document
from slipway.resources.resource import Owner

FOLDER = "/FeatureGroup/"
BATCH_GET = "/BatchGetRecord"
# Of more, which take longer than a thread does, each is looked up on one.
MOST_AT_ONCE = 10
# A part of what the model's pattern allows: no ARN, nothing that is escaped in a path.
GROUP = re.compile(r"[a-zA-Z0-9](?:[a-zA-Z0-9_-]{0,62}[a-zA-Z0-9])?")
IDENTIFIER = re.compile(r"RecordIdentifierValueAsString=([^&;]+)")
LONGEST_VALUE = 358_400
MOST_ENTRIES = 25
MOST_IDENTIFIERS = 100
# Feature names that were found to fit; more than all groups of a project together have.
MOST_NAMES = 20_000

# A record of so many bytes is understood before anybody notices; a larger one takes a thread.
LARGEST_AT_ONCE = 16 * 1024

# The reply that is kept for a record of (owner, group, identifier); None for no record. Raises
# LookupError where that is not known at once.
LookUp = Callable[[Owner, str, str], bytes | None]
# Begins to put a record, of (owner, group, values); raises LookupError as well.
PutSoon = Callable[[Owner, str, list[Document]], Future[bool]]


class PlainRecords:
    """Reads plain requests of PutRecord and BatchWriteRecord, and answers plain ones for records."""

    def __init__(self, models: ServiceModels, look_up: LookUp, put_soon: PutSoon) -> None:
        self._look_up = look_up
        self._put_soon = put_soon
        self._feature_name = _feature_name(models)
        self._names: set[str] = set()

    def parameters(self, request: HttpRequest) -> tuple[str, Document] | None:
        """The operation and its parameters; None for a request that is to be read as any other."""
        record = self._record(request)
        if record is not None:
            return "PutRecord", {"FeatureGroupName": record[0], "Record": record[1]}
        if (request.method, request.path) == ("POST", "/BatchWriteRecord"):
            body = _plain_object(request.body, {"Entries"})
            return ("BatchWriteRecord", body) if body and self._are_entries(body["Entries"]) else None
        return None

    def answer_at_once(self, request: HttpRequest) -> HttpAnswer | SoonAnswer | None:
        """The answer to a plain GetRecord, a small PutRecord or a BatchGetRecord of a few; None for all else.

        Never blocks.
        """
        if request.path == BATCH_GET:
            return self._batch(request, MOST_AT_ONCE) if len(request.body) <= LARGEST_AT_ONCE else None
        if not request.path.startswith(FOLDER):
            return None
        if request.method == "PUT":
            return self._put(request) if len(request.body) <= LARGEST_AT_ONCE else None
        return self._get(request) if request.method == "GET" else None

    def _put(self, request: HttpRequest) -> SoonAnswer | None:
        record = self._record(request)
        if record is None:
            return None
        try:
            is_done = self._put_soon(owner_of(request.headers), *record)
        except LookupError:
            return None
        # The operation has no output, and so no body.
        return SoonAnswer(is_done, HttpAnswer(200, {"x-amzn-requestid": str(uuid.uuid4())}))

    def _record(self, request: HttpRequest) -> tuple[str, list[Document]] | None:
        """Group and values of a plain PutRecord."""
        if request.method != "PUT" or not request.path.startswith(FOLDER):
            return None
        name = request.path[len(FOLDER) :]
        body = _plain_object(request.body, {"Record"})
        if body is None or GROUP.fullmatch(name) is None or not self._is_record(body["Record"]):
            return None
        return name, body["Record"]

    def _get(self, request: HttpRequest) -> HttpAnswer | None:
        name = request.path[len(FOLDER) :]
        found = IDENTIFIER.fullmatch(request.query)
        if found is None or GROUP.fullmatch(name) is None:
            return None
        identifier = unquote_plus(found[1])
        if not identifier.isprintable():
            return None
        try:
            reply = self._look_up(owner_of(request.headers), name, identifier)
        except LookupError:
            return None
        return _ready(b"{}" if reply is None else b'{"Record": %b}' % reply)

    def answer(self, request: HttpRequest) -> HttpAnswer | None:
        """The answer to a plain BatchGetRecord; None for anything else."""
        return self._batch(request)

    def _batch(self, request: HttpRequest, most: int | None = None) -> HttpAnswer | None:
        """The same, for no more than `most` identifiers in all."""
        if (request.method, request.path) != ("POST", BATCH_GET):
            return None
        body = _plain_object(request.body, {"Identifiers"})
        if body is None or not _are_identifiers(body["Identifiers"]):
            return None
        count = sum(len(asked["RecordIdentifiersValueAsString"]) for asked in body["Identifiers"])
        if most is not None and count > most:
            return None
        owner = owner_of(request.headers)
        records: list[bytes] = []
        try:
            for asked in body["Identifiers"]:
                name = asked["FeatureGroupName"]
                for identifier in asked["RecordIdentifiersValueAsString"]:
                    reply = self._look_up(owner, name, identifier)
                    if reply is not None:
                        records.append(_told(name, identifier, reply))
        except LookupError:
            return None
        everything = b", ".join(records)
        return _ready(b'{"Records": [%b], "Errors": [], "UnprocessedIdentifiers": []}' % everything)

    def _are_entries(self, entries: Any) -> bool:
        return (
            type(entries) is list
            and 0 < len(entries) <= MOST_ENTRIES
            and all(
                type(entry) is dict
                and entry.keys() == {"FeatureGroupName", "Record"}
                and _is_group(entry["FeatureGroupName"])
                and self._is_record(entry["Record"])
                for entry in entries
            )
        )

    def _is_record(self, values: Any) -> bool:
        if type(values) is not list or not values:
            return False
        for value in values:
            if type(value) is not dict or len(value) != 2:
                return False
            name, text = value.get("FeatureName"), value.get("ValueAsString")
            if type(name) is not str or type(text) is not str or len(text) > LONGEST_VALUE:
                return False
            if name not in self._names and not self._fits(name):
                return False
        return True

    def _fits(self, name: str) -> bool:
        if broken_constraints(self._feature_name, name):
            return False
        if len(self._names) < MOST_NAMES:
            self._names.add(name)
        return True


def _feature_name(models: ServiceModels) -> Shape:
    operation = models.operation(FEATURE_STORE_RUNTIME, "PutRecord")
    if operation is None:
        raise LookupError("botocore has no PutRecord")
    record: Any = operation.input_shape.members["Record"]
    shape: Shape = record.member.members["FeatureName"]
    return shape


def _plain_object(body: bytes, keys: set[str]) -> Document | None:
    """A body with those keys alone, in ASCII and with nothing escaped: texts are what they look like."""
    if b"\\" in body or not body.isascii():
        return None
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return document if type(document) is dict and document.keys() == keys else None


def _are_identifiers(identifiers: Any) -> bool:
    return (
        type(identifiers) is list
        and 0 < len(identifiers) <= MOST_IDENTIFIERS
        and all(
            type(asked) is dict
            and asked.keys() == {"FeatureGroupName", "RecordIdentifiersValueAsString"}
            and _is_group(asked["FeatureGroupName"])
            and _are_texts(asked["RecordIdentifiersValueAsString"])
            for asked in identifiers
        )
    )


def _are_texts(texts: Any) -> bool:
    return (
        type(texts) is list
        and 0 < len(texts) <= MOST_IDENTIFIERS
        and all(type(text) is str and len(text) <= LONGEST_VALUE for text in texts)
    )


def _is_group(name: Any) -> bool:
    return type(name) is str and GROUP.fullmatch(name) is not None


def _told(name: str, identifier: str, reply: bytes) -> bytes:
    about = json.dumps({"FeatureGroupName": name, "RecordIdentifierValueAsString": identifier})
    return b'%b, "Record": %b}' % (about[:-1].encode(), reply)


def _ready(body: bytes) -> HttpAnswer:
    return HttpAnswer(200, {"x-amzn-requestid": str(uuid.uuid4()), "content-type": "application/json"}, body)
