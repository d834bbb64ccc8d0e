"""From the image that a request names to one that this engine has."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from slipway.containers.engine import ImageMissingError, LocalImage


class Catalogue(Protocol):
    """The images that an engine has."""

    def image_id(self, reference: str) -> str | None:
        """The id of the image of that name; None where there is none."""

    def images(self) -> list[LocalImage]:
        """All of them."""


class ImageMapError(Exception):
    """The mapping file is not what it must be; the message names it and the way out."""


class Images:
    """Finds the image to run for an image URI.

    In this order: the mapping, the URI itself (a local tag, or what was
    pulled), and, since ECR cannot be asked here, a local image of the same
    digest, or of the same repository and tag whatever the registry.
    """

    def __init__(self, catalogue: Catalogue, mapping: Mapping[str, str]) -> None:
        self._catalogue = catalogue
        self._mapping = mapping

    def resolve(self, image_uri: str) -> str:
        """The reference to run. Raises ImageMissingError, in AWS's words and with the way out."""
        wanted = mapped(image_uri, self._mapping)
        if self._catalogue.image_id(wanted) is not None:
            return wanted
        repository = without_registry(wanted)
        if repository != wanted and self._catalogue.image_id(repository) is not None:
            return repository
        found = matching(wanted, self._catalogue.images())
        if found is None:
            raise ImageMissingError(missing(image_uri, wanted))
        return found


def read_mapping(file: Path | None) -> Mapping[str, str]:
    """The mapping in a JSON file: image URIs, or their beginnings, to local images. Raises ImageMapError."""
    if file is None:
        return {}
    try:
        mapping = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ImageMapError(f"SLIPWAY_IMAGE_MAP names {file}, which cannot be read: {error}") from error
    if not isinstance(mapping, dict) or not all(isinstance(image, str) for image in mapping.values()):
        raise ImageMapError(f"{file} must be one JSON object of image URIs and the images to run for them")
    return mapping


def mapped(image_uri: str, mapping: Mapping[str, str]) -> str:
    """What the mapping says of a URI, by the longest beginning that it has; the URI itself otherwise."""
    beginnings = [prefix for prefix in mapping if image_uri.startswith(prefix)]
    return mapping[max(beginnings, key=len)] if beginnings else image_uri


def without_registry(reference: str) -> str:
    """A reference without the host in front; Docker's rule: it has a dot or a port, or is localhost."""
    first, slash, rest = reference.partition("/")
    is_host = bool(slash) and ("." in first or ":" in first or first == "localhost")
    return rest if is_host else reference


def matching(wanted: str, images: list[LocalImage]) -> str | None:
    """A local image of the digest, or of the repository and tag, that a URI of another registry names."""
    _, at, digest = wanted.partition("@")
    if at:
        for image in images:
            if digest == image.image_id or any(name.endswith(f"@{digest}") for name in image.digests):
                return image.image_id
        return None
    repository = with_tag(without_registry(wanted))
    for image in images:
        for tag in image.tags:
            if with_tag(without_registry(tag)) == repository:
                return tag
    return None


def with_tag(reference: str) -> str:
    """A reference with Docker's own tag where it names none."""
    return reference if ":" in reference.rpartition("/")[2] else f"{reference}:latest"


def missing(image_uri: str, wanted: str) -> str:
    """The FailureReason of an image that is not here."""
    instead = f" (SLIPWAY_IMAGE_MAP says to run {wanted})" if wanted != image_uri else ""
    return (
        f"ClientError: API error (404): manifest for {image_uri} not found: manifest unknown: "
        f"Requested image not found{instead}. This Docker Engine has no such image: build, tag or pull it, "
        "or name a local one for it in the file of SLIPWAY_IMAGE_MAP."
    )
