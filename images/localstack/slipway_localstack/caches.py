"""`python -m slipway_localstack.caches`: what LocalStack would work out at its first start, worked out now.

Run while the image is built. LocalStack keeps an index of every installed
entry point and another of every botocore service; with both in the image a
container starts about as fast the first time as the second, and needs no
writable place for them.
"""

from localstack import config
from localstack.aws.spec import get_service_catalog
from plux.runtime.cache import EntryPointsCache


def main() -> None:
    """Build both indexes and leave them where LocalStack looks."""
    config.dirs.mkdirs()
    EntryPointsCache.instance().get_entry_points()
    get_service_catalog()


if __name__ == "__main__":
    main()
