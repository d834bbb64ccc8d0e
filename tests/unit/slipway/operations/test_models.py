"""Models, endpoint configurations and endpoints as boto3 sees them; nothing is carried out here."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from slipway.operations.endpoint_configs import EndpointConfigs
from slipway.operations.endpoints import Endpoints
from slipway.operations.models import Models
from slipway.resources.document import Document
from slipway.resources.resource import Key

from tests.support.control_plane import ControlPlane
from tests.support.output_shapes import complaints
