"""Refusals of a request, in the status that HTTP has for them."""


class RequestError(Exception):
    """A refusal meant for the caller; the text names the thing and the way out."""

    status = 400

    def as_document(self) -> dict[str, object]:
        """The body of the answer."""
        return {"error": str(self)}


class BadRequestError(RequestError):
    """The body as a whole cannot be read."""


class BadRowError(RequestError):
    """One row cannot be answered; rows count from 1, a header does not count."""

    def __init__(self, row: int, reason: str) -> None:
        super().__init__(f"Row {row}: {reason}.")
        self.row = row

    def as_document(self) -> dict[str, object]:
        """The body of the answer, the row's number apart for programs."""
        return {"error": str(self), "row": self.row}


class NotAcceptableError(RequestError):
    """No content type that the caller accepts can be written."""

    status = 406


class AnotherEncoderError(RequestError):
    """The rows were encoded by another encoder than the model's; both are sha256 digests in hex."""

    status = 412

    def __init__(self, given: str, wanted: str) -> None:
        super().__init__(
            f"The rows were encoded by encoder {_short(given)}, this model's is {_short(wanted)}; "
            "send raw rows or encode them with this model's encoder."
        )


class PayloadTooLargeError(RequestError):
    """The body is longer than the limit."""

    status = 413


class UnsupportedMediaTypeError(RequestError):
    """The body is in a format that is not read here."""

    status = 415


def _short(digest: str) -> str:
    return digest if len(digest) <= 12 else f"{digest[:12]}…"
