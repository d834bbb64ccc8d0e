"""The HTTP API: its routes, what guards them, and how errors leave."""

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response

from api.body import json_object
from api.edge import Edge
from api.errors import ApiError
from api.metrics import MEDIA_TYPE
from api.openapi import document
from api.page.routes import add_page
from api.problems import JsonResponse, problem
from api.project_list import project_list
from api.service import Service
from api.wishes import Wishes

KEY_HEADER = "X-Api-Key"


def create_app(service: Service) -> FastAPI:
    """The application over `service`, which whoever runs it has opened and will close."""
    # FastAPI's own pages take scripts from elsewhere; the document itself is at /openapi.json.
    app = FastAPI(title="Slipway predictions", docs_url=None, redoc_url=None)
    app.openapi = lambda: document(service.projects)  # type: ignore[method-assign]
    _add_errors(app)
    _add_health(app, service)
    _add_project_routes(app, service)
    settings = service.settings
    if settings.page:
        add_page(app)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(settings.cors_origins),
            allow_methods=["GET", "POST"],
            allow_headers=[KEY_HEADER, "Content-Type", "X-Request-Id", "X-Inference-Id", "X-Target-Variant",
                           "X-Entity-Id"],
            expose_headers=["X-Request-Id", "Retry-After"],
        )  # fmt: skip
    app.add_middleware(
        Edge,
        metrics=service.metrics,
        max_concurrency=settings.max_concurrency,
        seconds=settings.request_seconds,
    )
    return app


def _add_project_routes(app: FastAPI, service: Service) -> None:
    settings = service.settings

    @app.get("/v1/projects")
    async def projects() -> Response:
        return JsonResponse(project_list(service.projects))

    @app.post("/v1/{project}/predictions")
    async def predictions(project: str, request: Request) -> Response:
        _admit(service, request)
        predictor = service.predictor(project)
        wishes = Wishes(
            request.headers.get("x-inference-id"),
            request.headers.get("x-target-variant"),
            request.headers.get("x-entity-id"),
        )
        wishes.check()
        body = await json_object(request, settings.max_body_bytes, settings.body_seconds)
        return JsonResponse(await predictor.predict(body, wishes))

    @app.post("/v1/{project}/ground-truth")
    async def ground_truth(project: str, request: Request) -> Response:
        _admit(service, request)
        predictor = service.predictor(project)
        body = await json_object(request, settings.max_body_bytes, settings.body_seconds)
        return JsonResponse(await predictor.take_in(body))

    @app.get("/v1/{project}/model")
    async def model(project: str, request: Request) -> Response:
        _admit(service, request)
        predictor = service.predictor(project)
        served = await predictor.endpoint.models.now()
        nobody_can_tell: dict[str, object] = {
            "endpoint_name": predictor.project.endpoint_name,
            "endpoint_status": None,
            "variants": [],
        }
        return JsonResponse({"project": project, **(served.document() if served else nobody_can_tell)})


def _add_health(app: FastAPI, service: Service) -> None:
    @app.get("/health/live")
    async def live() -> Response:
        return JsonResponse({"status": "live"})

    @app.get("/health/ready")
    async def ready() -> Response:
        unready = await service.unready()
        if unready:
            return JsonResponse({"status": "not ready", "endpoints": unready}, status_code=503)
        return JsonResponse({"status": "ready"})

    @app.get("/metrics")
    async def metrics() -> Response:
        return Response(service.metrics.exposition(), headers={"Content-Type": MEDIA_TYPE})


def _add_errors(app: FastAPI) -> None:
    @app.exception_handler(ApiError)
    async def refused(request: Request, error: ApiError) -> Response:
        return problem(error, request.state.request_id)

    @app.exception_handler(HTTPException)
    async def not_routed(request: Request, error: HTTPException) -> Response:
        told = ApiError(str(error.detail))
        told.status, told.title = error.status_code, str(error.detail)
        answer = problem(told, request.state.request_id)
        answer.headers.update(error.headers or {})
        return answer


def _admit(service: Service, request: Request) -> None:
    """Raises UnauthorizedError and TooManyRequestsError."""
    client = service.keys.client(request.headers.get(KEY_HEADER))
    request.state.client = client
    service.rate.take(client)
