"""Content types: which a request has, which its answer gets."""

from train_xgb.errors import NotAcceptableError, UnsupportedMediaTypeError

CSV = "text/csv"
JSON = "application/json"
JSON_LINES = "application/jsonlines"
MEDIA_TYPES = (CSV, JSON, JSON_LINES)


def request_media_type(content_type: str | None) -> str:
    """The format of a request's body.

    Parameters are tolerated; a charset other than UTF-8 is not.
    Raises UnsupportedMediaTypeError.
    """
    media_type, _, parameters = (content_type or "").partition(";")
    media_type = media_type.strip().lower()
    if media_type not in MEDIA_TYPES:
        what = (
            f"Content-Type '{media_type}' is not read here"
            if media_type
            else "The request has no Content-Type"
        )
        raise UnsupportedMediaTypeError(f"{what}; use {', '.join(MEDIA_TYPES)}.")
    for parameter in parameters.lower().split(";"):
        name, _, value = parameter.partition("=")
        if name.strip() == "charset" and value.strip().strip('"') not in ("utf-8", "utf8", "us-ascii"):
            raise UnsupportedMediaTypeError(f"charset {value.strip()} is not read here; send UTF-8.")
    return media_type


def answer_media_type(accept: str | None, preferred: str) -> str:
    """The format of the answer: the best of `accept` that can be written.

    `preferred` is used where the caller leaves it open, with `*/*`, a range
    such as `text/*` that includes it, or no Accept at all.
    Raises NotAcceptableError.
    """
    if not accept or not accept.strip():
        return preferred
    choices = sorted(_choices(accept), key=lambda choice: -choice[1])
    for pattern, quality in choices:
        if quality <= 0:
            continue
        for media_type in (preferred, *MEDIA_TYPES):
            if _matches(pattern, media_type):
                return media_type
    raise NotAcceptableError(f"Accept '{accept[:100]}' is not written here; use {', '.join(MEDIA_TYPES)}.")


def _choices(accept: str) -> list[tuple[str, float]]:
    choices = []
    for part in accept.split(","):
        pattern, *parameters = (piece.strip().lower() for piece in part.split(";"))
        quality = 1.0
        for parameter in parameters:
            if parameter.startswith("q="):
                try:
                    quality = float(parameter[2:])
                except ValueError:
                    quality = 0.0
        choices.append((pattern, quality))
    return choices


def _matches(pattern: str, media_type: str) -> bool:
    if pattern in ("*/*", media_type):
        return True
    return pattern.endswith("/*") and media_type.startswith(pattern[:-1])
