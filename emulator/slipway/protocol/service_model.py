"""The services as botocore describes them: operations, shapes, addresses."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import parse_qsl

from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel

SAGEMAKER = "sagemaker"
RUNTIME = "sagemaker-runtime"
FEATURE_STORE_RUNTIME = "sagemaker-featurestore-runtime"
# Signing scopes name the runtimes "sagemaker" too, so a path decides which REST service is meant.
LAMBDA = "lambda"
ATHENA = "athena"
GLUE = "glue"
# The services of JSON 1.1, by the first word of X-Amz-Target.
JSON_SERVICES = {"SageMaker": SAGEMAKER, "AmazonAthena": ATHENA, "AWSGlue": GLUE}
SCHEDULER = "scheduler"
REST_SERVICES = (RUNTIME, FEATURE_STORE_RUNTIME, "sagemaker-metrics", LAMBDA, SCHEDULER)
# Those whose models call a broken constraint ValidationError.
SAGEMAKER_RUNTIMES = frozenset(REST_SERVICES) - {LAMBDA, SCHEDULER}


@dataclass(frozen=True, slots=True)
class Route:
    """An HTTP method and path of a REST operation; `{}` in a path captures one part of it.

    `query` are the pairs that a request must have where two operations share a path.
    """

    service: str
    operation: OperationModel
    method: str
    pattern: re.Pattern[str]
    query: frozenset[tuple[str, str]] = frozenset()


class ServiceModels:
    """Every service that is spoken here."""

    def __init__(self) -> None:
        loader = Loader()
        self._models = {
            name: ServiceModel(loader.load_service_model(name, "service-2"), name)
            for name in (*JSON_SERVICES.values(), *REST_SERVICES)
        }

    def operation(self, service: str, name: str) -> OperationModel | None:
        """The operation of that name; None where the service has none."""
        model = self._models[service]
        return model.operation_model(name) if name in model.operation_names else None

    def operations(self, service: str) -> Iterator[OperationModel]:
        """Every operation that AWS has in a service."""
        model = self._models[service]
        return (model.operation_model(name) for name in model.operation_names)

    @cached_property
    def routes(self) -> tuple[Route, ...]:
        """The REST operations, those that ask for the most first: by path, then by query."""
        routes = [
            _route(service, operation) for service in REST_SERVICES for operation in self.operations(service)
        ]
        return tuple(sorted(routes, key=lambda route: (-len(route.pattern.pattern), -len(route.query))))

    def match(self, method: str, path: str, query: str = "") -> tuple[Route, Mapping[str, str]] | None:
        """The REST operation at a path, and what the path says; None where there is none."""
        pairs = set(parse_qsl(query, keep_blank_values=True))
        for route in self.routes:
            if route.method == method and route.query <= pairs and (found := route.pattern.fullmatch(path)):
                return route, found.groupdict()
        return None


def _route(service: str, operation: OperationModel) -> Route:
    uri, _, query = operation.http["requestUri"].partition("?")
    parts = re.split(r"\{(\w+)\+?\}", uri)
    # re.split puts literal text at even places and labels at odd ones.
    pattern = "".join(
        f"(?P<{part}>[^/]+)" if place % 2 else re.escape(part) for place, part in enumerate(parts)
    )
    pairs = frozenset(parse_qsl(query, keep_blank_values=True))
    return Route(service, operation, operation.http["method"], re.compile(pattern), pairs)
