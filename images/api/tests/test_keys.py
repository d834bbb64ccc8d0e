import hashlib
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from api.errors import SettingsError, TooManyRequestsError, UnauthorizedError
from api.keys import KeyRing, RateLimit, new_key, parse_keys

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def document(*keys: Any) -> str:
    return json.dumps({"keys": [key.model_dump(mode="json", exclude_none=True) for key in keys]})


def test_what_is_kept_of_a_key_is_its_digest() -> None:
    secret, key = new_key("web")

    assert key.sha256 == hashlib.sha256(secret.encode()).hexdigest()
    assert secret not in document(key)


def test_two_keys_of_a_client_are_both_good_until_one_has_ended() -> None:
    (old, old_key), (new, new_key_) = new_key("web"), new_key("web")
    ended = old_key.model_copy(update={"not_after": NOW})
    ring = KeyRing(document(ended, new_key_), "", Clock())

    assert ring.client(old, datetime(2025, 12, 31, tzinfo=UTC)) == "web"
    assert ring.client(new, NOW) == "web"
    with pytest.raises(UnauthorizedError):
        ring.client(old, NOW)


def test_a_file_of_keys_is_read_again_when_it_changes(tmp_path: Path) -> None:
    (old, old_key), (new, new_key_) = new_key("web"), new_key("web")
    file, clock = tmp_path / "keys.json", Clock()
    file.write_text(document(old_key))
    ring = KeyRing("", str(file), clock)

    file.write_text(document(new_key_))
    os.utime(file, ns=(1, 1))
    clock.now = 2.0

    assert ring.client(new) == "web"
    with pytest.raises(UnauthorizedError):
        ring.client(old)


def test_a_file_that_is_half_written_locks_nobody_out(tmp_path: Path) -> None:
    secret, key = new_key("web")
    file, clock = tmp_path / "keys.json", Clock()
    file.write_text(document(key))
    ring = KeyRing("", str(file), clock)

    file.write_text(document(key)[:20])
    clock.now = 2.0

    assert ring.client(secret) == "web"


@pytest.mark.parametrize(
    "content",
    ["", "{}", '{"keys": []}', '{"keys": [{"client": "web", "sha256": "topsecret"}]}', "[" * 100_000],
)
def test_a_document_that_is_none_is_refused_without_repeating_it(content: str) -> None:
    with pytest.raises(SettingsError) as refused:
        parse_keys(content, "keys.json")

    assert "keys.json" in str(refused.value)
    assert "topsecret" not in str(refused.value)


def test_an_end_without_a_time_zone_is_refused() -> None:
    _, key = new_key("web")
    given = key.model_copy(update={"not_after": datetime(2026, 1, 1)})

    with pytest.raises(SettingsError, match="time zone"):
        parse_keys(document(given), "keys.json")


def test_a_clients_bucket_is_filled_again_with_time_and_is_its_own() -> None:
    clock = Clock()
    rate = RateLimit(per_second=2.0, burst=2, monotonic=clock)
    rate.take("web")
    rate.take("web")
    rate.take("other")

    with pytest.raises(TooManyRequestsError) as refused:
        rate.take("web")
    clock.now = 0.5
    rate.take("web")

    assert refused.value.retry_after == 1
    with pytest.raises(TooManyRequestsError):
        rate.take("web")
