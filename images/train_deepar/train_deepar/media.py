"""Content types: which a request has, which its answer gets."""

from dataclasses import dataclass

from train_deepar.errors import NotAcceptableError, UnsupportedMediaTypeError

JSON = "application/json"
JSON_LINES = "application/jsonlines"
MEDIA_TYPES = (JSON, JSON_LINES)


def request_media_type(content_type: str | None) -> str:
    """The format of a request's body.

    Parameters are tolerated; a charset other than UTF-8 is not.
    Raises UnsupportedMediaTypeError.
    """
    media_type, _, parameters = (content_type or "").partition(";")
    media_type = media_type.strip().lower()
    if media_type not in MEDIA_TYPES:
        what = (
            f"Content-Type '{media_type[:100]}' is not read here"
            if media_type
            else "The request has no Content-Type"
        )
        raise UnsupportedMediaTypeError(f"{what}; use {', '.join(MEDIA_TYPES)}.")
    for parameter in parameters.lower().split(";"):
        name, _, value = parameter.partition("=")
        if name.strip() == "charset" and value.strip().strip('"') not in ("utf-8", "utf8", "us-ascii"):
            raise UnsupportedMediaTypeError(f"charset {value.strip()[:100]} is not read here; send UTF-8.")
    return media_type


def accepted(accept: str | None, preferred: str) -> str:
    """The format of the answer: the best of `accept` that can be written.

    `preferred` is used where the caller leaves it open, with `*/*`, a range
    such as `application/*`, or no Accept at all. Raises NotAcceptableError.
    """
    if not accept or not accept.strip():
        return preferred
    for choice in sorted(_choices(accept), key=lambda choice: -choice.quality):
        for media_type in (preferred, *MEDIA_TYPES):
            if choice.quality > 0 and _matches(choice.pattern, media_type):
                return media_type
    raise NotAcceptableError(f"Accept '{accept[:100]}' is not written here; use {', '.join(MEDIA_TYPES)}.")


@dataclass(frozen=True, slots=True)
class _Choice:
    pattern: str
    quality: float


def _choices(accept: str) -> list[_Choice]:
    choices = []
    for part in accept.split(","):
        pattern, *parameters = (piece.strip().lower() for piece in part.split(";"))
        quality = 1.0
        for parameter in parameters:
            name, _, value = (piece.strip() for piece in parameter.partition("="))
            if name == "q":
                try:
                    quality = float(value)
                except ValueError:
                    quality = 0.0
        choices.append(_Choice(pattern, quality))
    return choices


def _matches(pattern: str, media_type: str) -> bool:
    if pattern in ("*/*", media_type):
        return True
    return pattern.endswith("/*") and media_type.startswith(pattern[:-1])
