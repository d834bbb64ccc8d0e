"""Whose call it is: the signature's scope says, and nothing of it is believed blindly."""

import pytest
from slipway.protocol.identity import owner_of
from slipway.resources.resource import Owner


def authorization(scope: str) -> dict[str, str]:
    return {"authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"}


@pytest.mark.parametrize(
    ("scope", "owner"),
    [
        ("123456789012/20240501/eu-west-1/sagemaker/aws4_request", Owner("123456789012", "eu-west-1")),
        ("test/20240501/eu-west-1/sagemaker/aws4_request", Owner("000000000000", "eu-west-1")),
        ("١٢٣٤٥٦٧٨٩٠١٢/20240501/eu-west-1/sagemaker/aws4_request", Owner("000000000000", "eu-west-1")),
        # Regions are parts of ARNs and of folders' names.
        ("123456789012/20240501/../sagemaker/aws4_request", Owner("000000000000", "us-east-1")),
        ("123456789012/20240501/EU WEST/sagemaker/aws4_request", Owner("000000000000", "us-east-1")),
    ],
)
def test_account_and_region_come_from_the_scope(scope: str, owner: Owner) -> None:
    assert owner_of(authorization(scope)) == owner


def test_an_unsigned_call_is_the_default_accounts() -> None:
    assert owner_of({}) == Owner("000000000000", "us-east-1")
