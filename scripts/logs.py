"""`make logs JOB=name`: what a job or an endpoint has said, from CloudWatch Logs."""

import argparse
import re
import sys
import time
from collections.abc import Iterator
from typing import Any

from scripts.commands import SetupError, run_main, say
from scripts.local_aws import AwsError, LocalAws

POLL_SECONDS = 0.5
# Where AWS puts them: the group, and what a stream's name begins with.
PLACES = (
    ("/aws/sagemaker/TrainingJobs", "{name}/"),
    ("/aws/sagemaker/ProcessingJobs", "{name}/"),
    ("/aws/sagemaker/Endpoints/{name}", ""),
)
# By group: the call that tells whether a job goes on, the name's member and the status's.
STATUS = {
    "/aws/sagemaker/TrainingJobs": ("DescribeTrainingJob", "TrainingJobName", "TrainingJobStatus"),
    "/aws/sagemaker/ProcessingJobs": ("DescribeProcessingJob", "ProcessingJobName", "ProcessingJobStatus"),
}
AT_WORK = frozenset({"InProgress", "Stopping"})
NOT_FOUND = frozenset({"ResourceNotFoundException", "ResourceNotFound", "ValidationException"})


class Reader:
    """Reads the lines of a name, each once, in whatever streams they come."""

    def __init__(self, aws: LocalAws, name: str) -> None:
        self._aws = aws
        self._name = name
        # The place in each stream, by group and stream.
        self._tokens: dict[tuple[str, str], str | None] = {}

    def lines(self) -> list[str]:
        """What has been said since the last time, oldest first."""
        events: list[tuple[int, str, str]] = []
        for group, stream in self._streams():
            host = host_of(stream)
            events += [(event["timestamp"], host, event["message"]) for event in self._new(group, stream)]
        # One host's own order stays: sorting is stable, and its times never go back.
        events.sort(key=lambda event: event[0])
        several = len(self._tokens) > 1
        return [f"{host} | {message}" if several else message for _, host, message in events]

    def is_at_work(self) -> bool:
        """Whether more may come."""
        groups = {group for group, _ in self._tokens} or set(STATUS)
        return any(group not in STATUS or self._is_job_at_work(group) for group in groups)

    def _is_job_at_work(self, group: str) -> bool:
        operation, name, status = STATUS[group]
        try:
            job = self._aws.json("sagemaker", f"SageMaker.{operation}", {name: self._name})
        except AwsError as error:
            if error.code in NOT_FOUND:
                return False
            raise
        return job[status] in AT_WORK

    def _streams(self) -> list[tuple[str, str]]:
        for group, prefix in PLACES:
            for stream in self._listed(group.format(name=self._name), prefix.format(name=self._name)):
                self._tokens.setdefault((group.format(name=self._name), stream), None)
        return sorted(self._tokens)

    def _listed(self, group: str, prefix: str) -> Iterator[str]:
        parameters: dict[str, Any] = {"logGroupName": group}
        if prefix:
            parameters["logStreamNamePrefix"] = prefix
        while True:
            try:
                page = self._aws.json("logs", "Logs_20140328.DescribeLogStreams", parameters)
            except AwsError as error:
                if error.code in NOT_FOUND:
                    return
                raise
            yield from (stream["logStreamName"] for stream in page["logStreams"])
            if "nextToken" not in page:
                return
            parameters["nextToken"] = page["nextToken"]

    def _new(self, group: str, stream: str) -> Iterator[dict[str, Any]]:
        where = {"logGroupName": group, "logStreamName": stream, "startFromHead": True}
        while True:
            token = self._tokens[group, stream]
            page = self._aws.json(
                "logs", "Logs_20140328.GetLogEvents", where | ({"nextToken": token} if token else {})
            )
            yield from page["events"]
            self._tokens[group, stream] = page["nextForwardToken"]
            # At the end the token stays the same (API reference, GetLogEvents).
            if not page["events"] or page["nextForwardToken"] == token:
                return


def host_of(stream: str) -> str:
    """algo-1 in <job>/algo-1-<time at which it began>, the instance in <variant>/<instance>."""
    return re.sub(r"-\d{9,}$", "", stream.rpartition("/")[2])


def show(aws: LocalAws, name: str, follow: bool) -> int:
    """Print the lines of `name`; following, until it has ended. Returns how many there were."""
    reader = Reader(aws, name)
    count = 0
    while True:
        # Asked before reading: what is said before the end is read after it.
        goes_on = follow and reader.is_at_work()
        for line in reader.lines():
            say(line)
            count += 1
        if not goes_on:
            return count
        time.sleep(POLL_SECONDS)


def main() -> int:
    """Print what was asked for."""
    parser = argparse.ArgumentParser(prog="make logs", description=__doc__)
    parser.add_argument("name", help="of a training job, a processing job or an endpoint")
    parser.add_argument("--follow", action="store_true", help="go on until the job has ended")
    arguments = parser.parse_args()
    if not arguments.name:
        raise SetupError("whose logs? make logs JOB=name")
    try:
        count = show(LocalAws.from_environ(), arguments.name, arguments.follow)
    except AwsError as error:
        raise SetupError(f"CloudWatch Logs refuses: {error}") from error
    if not count:
        print(f"{arguments.name} has said nothing", file=sys.stderr)
    return 0 if count else 1


if __name__ == "__main__":
    run_main(main)
