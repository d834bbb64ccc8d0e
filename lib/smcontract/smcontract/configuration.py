"""Reading the JSON files that SageMaker leaves for a container."""

import json
from dataclasses import dataclass
from pathlib import Path

from smcontract.failure import ContractError


@dataclass(frozen=True, slots=True)
class ResourceConfig:
    """The hosts of a job; one host named `algo-1` where no file says otherwise."""

    current_host: str = "algo-1"
    hosts: tuple[str, ...] = ("algo-1",)

    @property
    def is_leader(self) -> bool:
        """Whether this container is the first of its hosts."""
        return self.current_host == self.hosts[0]


def read_json_object(path: Path) -> dict[str, object]:
    """The JSON object in the file at `path`; an empty one where there is no file.

    Raises ContractError when the file holds something else.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (ValueError, UnicodeDecodeError) as error:
        raise ContractError(f"{path} is not valid JSON ({error}); write it as a JSON object.") from error
    if not isinstance(document, dict):
        raise ContractError(f"{path} holds a JSON {type(document).__name__}; write it as a JSON object.")
    return document


def read_resource_config_file(path: Path) -> ResourceConfig:
    """The hosts named in a resourceconfig.json; unknown keys are ignored.

    Raises ContractError when the current host is not one of the hosts.
    """
    document = read_json_object(path)
    if not document:
        return ResourceConfig()
    hosts = document.get("hosts")
    current_host = document.get("current_host")
    if not isinstance(hosts, list) or not all(isinstance(host, str) for host in hosts):
        raise ContractError(f"{path}: 'hosts' must be a list of host names, got {hosts!r}.")
    if not isinstance(current_host, str) or current_host not in hosts:
        raise ContractError(f"{path}: 'current_host' {current_host!r} is not one of the hosts {hosts}.")
    return ResourceConfig(current_host=current_host, hosts=tuple(sorted(hosts)))
