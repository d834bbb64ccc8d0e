"""API keys: which there are, whose a request's is, and how often it may ask."""

import hashlib
import hmac
import json
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, Field, ValidationError

from api.errors import SettingsError, TooManyRequestsError, UnauthorizedError

log = logging.getLogger(__name__)

KEY_PREFIX = "slw_"
# How often a file of keys is looked at for a rotation.
LOOK_SECONDS = 1.0


class Key(BaseModel, frozen=True, extra="forbid"):
    """A key at rest. A key has 256 random bits, so that a plain SHA-256 of it tells nothing."""

    client: str = Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    not_after: datetime | None = None


class Keys(BaseModel, frozen=True, extra="forbid"):
    """All keys; several may be one client's, while one takes the place of another."""

    keys: tuple[Key, ...] = Field(min_length=1)


def parse_keys(content: str, where: str) -> Keys:
    """The keys in a document. Raises SettingsError, which never repeats what was given."""
    try:
        keys = Keys.model_validate(json.loads(content))
    except (ValidationError, ValueError, RecursionError):
        raise SettingsError(
            f'{where} is not {{"keys": [{{"client": "…", "sha256": "…", "not_after": "…"}}]}}; '
            "`python -m api key CLIENT` makes an entry"
        ) from None
    if any(key.not_after is not None and key.not_after.tzinfo is None for key in keys.keys):
        raise SettingsError(f"{where}: a not_after has no time zone; end it with Z")
    return keys


def new_key(client: str) -> tuple[str, Key]:
    """A new key as its client holds it, and as it is kept."""
    secret = KEY_PREFIX + secrets.token_urlsafe(32)
    return secret, Key(client=client, sha256=hashlib.sha256(secret.encode()).hexdigest())


class KeyRing:
    """The keys in force; a file of them is read again when it changes."""

    def __init__(self, content: str, file: str, monotonic: Callable[[], float]) -> None:
        """Raises SettingsError."""
        self._file = Path(file) if file else None
        self._monotonic = monotonic
        self._looked = monotonic()
        self._stamp = self._stamp_now()
        self._keys = parse_keys(content or self._read(), file or "API_KEYS")

    def client(self, given: str | None, now: datetime | None = None) -> str:
        """Whose key `given` is. Raises UnauthorizedError.

        Every key is compared, each in constant time, so the time taken tells
        nothing of which one came close.
        """
        if not given:
            raise UnauthorizedError("send an API key in the header X-Api-Key")
        self._look_again()
        digest = hashlib.sha256(given.encode("utf-8", "surrogateescape")).hexdigest()
        moment = now or datetime.now(UTC)
        found = None
        for key in self._keys.keys:
            is_it = hmac.compare_digest(digest, key.sha256)
            if is_it and (key.not_after is None or moment < key.not_after):
                found = key.client
        if found is None:
            raise UnauthorizedError("the API key is not known, or no longer")
        return found

    def _look_again(self) -> None:
        if self._file is None or self._monotonic() - self._looked < LOOK_SECONDS:
            return
        self._looked = self._monotonic()
        stamp = self._stamp_now()
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            self._keys = parse_keys(self._read(), str(self._file))
        except SettingsError as error:
            # The keys from before stay: a file that is half written locks nobody out.
            log.warning("keys.kept reason=%r", str(error))
        else:
            log.info("keys.read count=%d", len(self._keys.keys))

    def _stamp_now(self) -> tuple[int, int] | None:
        try:
            status = self._file.stat() if self._file else None
        except OSError:
            return None
        return (status.st_mtime_ns, status.st_size) if status else None

    def _read(self) -> str:
        assert self._file is not None
        try:
            return self._file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"API_KEYS_FILE {self._file} cannot be read: {error}") from None


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


class RateLimit:
    """A bucket of `burst` requests a client, filled again at `per_second`; of this process alone."""

    def __init__(self, per_second: float, burst: int, monotonic: Callable[[], float]) -> None:
        self._per_second = per_second
        self._burst = burst
        self._monotonic = monotonic
        self._buckets: dict[str, _Bucket] = {}

    def take(self, client: str) -> None:
        """One request of `client`. Raises TooManyRequestsError."""
        now = self._monotonic()
        bucket = self._buckets.setdefault(client, _Bucket(self._burst, now))
        bucket.tokens = min(self._burst, bucket.tokens + (now - bucket.at) * self._per_second)
        bucket.at = now
        if bucket.tokens < 1:
            wait = int((1 - bucket.tokens) / self._per_second) + 1
            raise TooManyRequestsError(
                f"'{client}' asks more than {self._per_second:g} times a second; ask again in {wait} s",
                retry_after=wait,
            )
        bucket.tokens -= 1
