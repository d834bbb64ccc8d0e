"""What LocalStack would download when it is first needed, refused in words instead."""

from localstack.packages.api import InstallTarget, PackageException, PackageInstaller
from localstack.runtime import hooks


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
    """Let no service reach for the internet.

    A state machine in JSONata, for one, would fetch a Java runtime: four
    attempts and nine seconds where there is no network, and surprise where there is.
    """
    PackageInstaller.install = refuse_missing
