"""The same API as a Lambda function: `python -m awslambdaric api.lambda_handler.handler`."""

import asyncio
import os
from functools import cache
from typing import Any

from mangum import Mangum

from api.app import create_app
from api.problems import MEDIA_TYPE
from api.service import Service
from api.settings import Settings


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Answer one request of API Gateway, REST or HTTP, or of a function URL."""
    answer: dict[str, Any] = _adapter()(event, context)
    return answer


@cache
def _adapter() -> Mangum:
    # Not Mangum's lifespan, which opens and closes with every request.
    return Mangum(
        create_app(_service()), lifespan="off", text_mime_types=["text/", "application/json", MEDIA_TYPE]
    )


@cache
def _service() -> Service:
    """What one execution environment holds, opened once. Raises SettingsError."""
    # Mangum runs every request on the thread's loop, so connections live as long as it.
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    service = Service(Settings.from_environ(os.environ), os.environ)
    loop.run_until_complete(service.open())
    return service
