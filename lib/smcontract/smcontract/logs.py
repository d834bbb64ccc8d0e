"""Log lines as CloudWatch gets them: event first, then key=value."""

import logging
import sys
import time


def configure_logging(level: int = logging.INFO) -> None:
    """Send log lines to stdout, each with its time in UTC and its level."""
    handler = logging.StreamHandler(sys.stdout)
    formatter = logging.Formatter("%(asctime)s.%(msecs)03dZ %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%S")
    formatter.converter = _utc
    handler.setFormatter(formatter)
    logging.basicConfig(level=level, handlers=[handler], force=True)


def _utc(seconds: float | None) -> time.struct_time:
    return time.gmtime(seconds)
