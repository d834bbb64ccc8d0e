"""Refusals of a request, in the status that HTTP has for them."""

import json


class RequestError(Exception):
    """A refusal meant for the caller; the text names the thing and the way out."""

    status = 400

    def as_document(self) -> dict[str, object]:
        """The body of the answer."""
        return {"error": str(self)}


class BadRequestError(RequestError):
    """The body as a whole, or its configuration, cannot be answered."""


class InstanceError(Exception):
    """Why an instance cannot be answered; who knows its number makes it a BadInstanceError."""


class BadInstanceError(RequestError):
    """One instance cannot be answered; instances count from 1."""

    def __init__(self, instance: int, reason: str) -> None:
        super().__init__(f"Instance {instance}: {reason}.")
        self.instance = instance

    def as_document(self) -> dict[str, object]:
        """The body of the answer, the instance's number apart for programs."""
        return {"error": str(self), "instance": self.instance}


class NotAcceptableError(RequestError):
    """No content type that the caller accepts can be written."""

    status = 406


class PayloadTooLargeError(RequestError):
    """The body is longer than the limit."""

    status = 413


class UnsupportedMediaTypeError(RequestError):
    """The body is in a format that is not read here."""

    status = 415


def shown(value: object) -> str:
    """A value of a caller's JSON, as a refusal quotes it: short."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:60]}…"
