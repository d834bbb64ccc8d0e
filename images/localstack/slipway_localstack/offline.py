"""What LocalStack would ask of the internet or of a name server, answered here."""

from localstack.packages.api import InstallTarget, PackageException, PackageInstaller
from localstack.runtime import hooks
from localstack.utils.aws import aws_stack


def refuse_missing(self: PackageInstaller, target: InstallTarget | None = None) -> None:
    """Set up what is installed; raises PackageException for anything that would have to be fetched."""
    if not self.is_installed():
        raise PackageException(
            f"{self.name} {self.version} is not part of this image, and the image downloads nothing"
        )
    _install(self, target)


_install = PackageInstaller.install


@hooks.on_infra_start()  # type: ignore[untyped-decorator]
def refuse_downloads() -> None:
    """Let no service fetch what it lacks.

    A state machine in JSONata, for one, would fetch a Java runtime: four
    attempts and nine seconds where there is no network, and surprise where there is.
    """
    PackageInstaller.install = refuse_missing


@hooks.on_infra_start()  # type: ignore[untyped-decorator]
def look_up_no_name() -> None:
    """Let the first call of S3 wait for no name server.

    LocalStack would ask for s3.localhost, and fall back to localhost once it is
    told that there is no such name.
    """
    aws_stack.CACHE_S3_HOSTNAME_DNS_STATUS = False
