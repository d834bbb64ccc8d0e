"""Whose call it is: the signature's scope says, and nothing of it is believed blindly."""

import pytest
from slipway.protocol.identity import account_of, owner_of
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


@pytest.mark.parametrize(
    ("access_key", "account"),
    [
        # LocalStack's own examples, with its prefix (localstack.aws.accounts).
        ("LSIAQAAAAAAAGMKEM7X5", "000000000000"),
        ("LKIARZPUZDIKGB2VALC4", "123456789012"),
        # As its extract_account_id_from_access_key_id reads it: an odd account has another letter behind.
        ("LSIARTX3GSDSQ2345672", "111122223333"),
        ("111122223333", "111122223333"),
        # Real credentials are nobody's here.
        ("AKIARZPUZDIKGB2VALC4", "000000000000"),
        ("LSIAQAAAAAA", "000000000000"),
        ("LSIA77777777777777777", "000000000000"),
        ("LSIAAAAAAAAAAAAAAAAA", "000000000000"),
    ],
)
def test_credentials_that_localstack_gave_out_are_their_accounts(access_key: str, account: str) -> None:
    assert account_of(access_key) == account
