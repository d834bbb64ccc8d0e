import socket

import pytest
from localstack.packages.api import InstallTarget, PackageException, PackageInstaller
from localstack.services.stepfunctions.packages import jpype_jsonata_package
from localstack.utils.aws import aws_stack
from slipway_localstack.offline import look_up_no_name, refuse_downloads


class Recorded(PackageInstaller):  # type: ignore[misc]  # LocalStack is installed in its image alone
    """A package that is there or not, and notes what is done to it."""

    def __init__(self, is_there: bool) -> None:
        super().__init__("tool", "1.2.3")
        self.is_there = is_there
        self.done: list[str] = []

    def is_installed(self) -> bool:
        return self.is_there

    def _prepare_installation(self, target: InstallTarget) -> None:  # noqa: ARG002
        self.done.append("prepared")

    def _install(self, target: InstallTarget) -> None:  # noqa: ARG002
        self.done.append("installed")

    def _setup_existing_installation(self, target: InstallTarget) -> None:  # noqa: ARG002
        self.done.append("set up")


@pytest.fixture(autouse=True)
def _downloads_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    # Set to itself, so that it is put back after the test.
    monkeypatch.setattr(PackageInstaller, "install", PackageInstaller.install)
    refuse_downloads()


def test_a_package_that_is_missing_is_refused_before_anything_is_tried() -> None:
    package = Recorded(is_there=False)

    with pytest.raises(PackageException, match=r"^tool 1\.2\.3 is not part of this image"):
        package.install()

    assert package.done == []


def test_a_package_that_somebody_mounted_is_set_up() -> None:
    package = Recorded(is_there=True)

    package.install()

    assert package.done == ["set up"]


def test_java_for_jsonata_is_refused_by_name() -> None:
    with pytest.raises(PackageException, match=r"jsonata .* downloads nothing"):
        jpype_jsonata_package.install()


def test_s3_is_at_localhost_without_a_question(monkeypatch: pytest.MonkeyPatch) -> None:
    # Nobody has asked yet, and the name is there for whoever does.
    monkeypatch.setattr(aws_stack, "CACHE_S3_HOSTNAME_DNS_STATUS", None)
    monkeypatch.setattr(socket, "gethostbyname", lambda _: "192.0.2.1")
    look_up_no_name()

    assert aws_stack.get_s3_hostname() == "localhost"
