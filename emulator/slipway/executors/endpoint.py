"""Endpoints come up, change without a failed request, come back after a restart, and go."""

import logging
import shutil
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path

from slipway.clock import Clock
from slipway.containers.engine import ContainerState, Engine, ImageMissingError
from slipway.containers.spec import Limits
from slipway.executors.places import Place, places, port_of
from slipway.executors.serving import Follow, ServingContainers, ServingError, check_bind_to_port
from slipway.resources.deployment import Deployment, ServingContainer, Variant
from slipway.resources.document import Document
from slipway.resources.endpoint import deployment_of, failed, in_service, rolled_back, rolling_back
from slipway.resources.resource import Key, Owner, Resource
from slipway.runtime.connections import Connections
from slipway.runtime.fleet import Fleet, Instance, Served, ServedVariant, Target
from slipway.runtime.invocation import ANSWER_SECONDS
from slipway.staging.errors import StagingError
from slipway.store.store import MissingError, Store

log = logging.getLogger(__name__)

FetchModel = Callable[[Owner, Document, Path], None]


class EndpointExecutor:
    """Carries out what an endpoint's row says.

    The row holds the deployment that serves (`live`) and the one that is to
    (`target`); its containers are found by their labels. Every step looks at
    what is there first, so that all of it can be done again after a crash.
    """

    def __init__(
        self,
        store: Store,
        engine: Engine,
        clock: Clock,
        fleet: Fleet,
        fetch_model: FetchModel,
        find_image: Callable[[str], str],
        limits_of: Callable[[str], Limits],
        jobs_dir: Path,
        network: str,
        keep_failed: bool,
        again: Callable[[Key], None],
        settled: Callable[[Key], None],
        environment_of: Callable[[Owner], Mapping[str, str]],
        follow: Follow,
    ) -> None:
        self._store = store
        self._engine = engine
        self._clock = clock
        self._fleet = fleet
        self._fetch_model = fetch_model
        self._find_image = find_image
        self._jobs_dir = jobs_dir
        self._keep_failed = keep_failed
        self._again = again
        self._settled = settled
        self._containers = ServingContainers(
            engine, limits_of, network, environment_of, model_subpath, follow
        )

    def carry_out(self, key: Key) -> None:
        """Bring an endpoint to where nobody is at work on it. Called again after a crash, at any point."""
        endpoint = self._store.get(key)
        if endpoint is None:
            self._clear(key)
            return
        try:
            self._carry_out(endpoint)
        except MissingError:
            # Everything was forgotten meanwhile.
            self._clear(key)

    def _carry_out(self, endpoint: Resource) -> None:
        if endpoint.status == "Deleting":
            self._delete(endpoint)
        elif endpoint.status == "RollingBack":
            self._serve_what_runs(endpoint, deployment_of(endpoint, "live"))
            self._roll_back(endpoint)
        elif endpoint.status in ("Creating", "Updating", "SystemUpdating"):
            self._deploy(endpoint)
        elif endpoint.status == "Failed":
            self._remove_all(endpoint.key)
        elif "live" in endpoint.internal:
            self._restore(endpoint)

    def fail(self, key: Key, reason: str) -> None:
        """What an error of ours means for an endpoint."""
        endpoint = self._store.get(key)
        if endpoint is None:
            return
        if endpoint.status == "Creating":
            self._store.transition(key, lambda before: failed(before, reason))
            # Its containers may still be there.
            self._again(key)
        elif endpoint.status in ("Updating", "SystemUpdating"):
            self._store.transition(key, lambda before: rolling_back(before, reason))
            self._again(key)
        elif endpoint.status == "RollingBack":
            self._store.transition(key, lambda before: before.in_status("UpdateRollbackFailed"))
        else:
            # What serves, or is to be removed, is looked at again until it works.
            self._again(key)

    # -- towards a deployment -----------------------------------------------

    def _deploy(self, endpoint: Resource) -> None:
        key = endpoint.key
        live = deployment_of(endpoint, "live") if "live" in endpoint.internal else None
        if live is not None:
            # After a restart of this process nobody else has said who answers.
            self._serve_what_runs(endpoint, live)
        target = deployment_of(endpoint, "target")
        live_places = places(live) if live else []
        try:
            target = self._with_images(key, target)
            self._stage(key, target)
            restartable = {place.host for place in live_places}
            states = self._containers.bring_up(endpoint, target, places(target), restartable)
        except (ServingError, StagingError) as error:
            reason = str(error)
            log.warning("endpoint.failed arn=%s reason=%s", key.arn, reason)
            if live is None:
                self._remove_all(key)
                self._store.transition(key, lambda before: failed(before, reason))
            else:
                self._roll_back(self._store.transition(key, lambda before: rolling_back(before, reason)))
            return
        before = self._fleet.served(key)
        served = self._serve(key, target, states)
        leaving = (before.instances if before else set()) - served.instances
        # Nothing new reaches them any more; what they are answering they answer to the end.
        self._fleet.drain(leaving, ANSWER_SECONDS)
        self._remove_strangers(key, target)
        self._store.transition(key, lambda before: in_service(before, target))
        self._settled(key)
        log.info("endpoint.in_service arn=%s revision=%d", key.arn, target.revision)

    def _roll_back(self, endpoint: Resource) -> None:
        """Keep what served before, and end what was to come."""
        self._remove_strangers(endpoint.key, deployment_of(endpoint, "live"))
        self._store.transition(endpoint.key, rolled_back)

    def _with_images(self, key: Key, deployment: Deployment) -> Deployment:
        """The deployment with every image found, the same one after a restart."""
        variants = {
            variant.name: replace(
                variant, containers=tuple(self._with_image(variant, one) for one in variant.containers)
            )
            for variant in deployment.variants
        }
        found = deployment.with_variants(variants)
        check_bind_to_port(self._engine, variants)
        if found != deployment:
            self._store.transition(key, lambda before: before.with_internal({"target": found.to_document()}))
        return found

    def _with_image(self, variant: Variant, container: ServingContainer) -> ServingContainer:
        if container.image_id is not None:
            return container
        try:
            image_id = self._find_image(container.image)
        except ImageMissingError as error:
            raise ServingError(
                "Please make sure all images included in the model for the production variant "
                f"{variant.name} exist, and that the execution role used to create the model has "
                "permissions to access them. "
                f"{error}"
            ) from error
        return replace(container, image_id=image_id, resolved_at=self._clock.now())

    def _stage(self, key: Key, deployment: Deployment) -> None:
        """Bring every model's artefact, once for all instances of a variant."""
        for place in places(deployment):
            folder = self._jobs_dir / model_subpath(key, place)
            if folder.is_dir():
                continue
            container = deployment.variants[place.variant].containers[place.container]
            partial = folder.with_name(f"{folder.name}.partial")
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir(parents=True)
            self._fetch_model(key.owner, container.definition, partial)
            partial.rename(folder)

    # -- what serves --------------------------------------------------------

    def _restore(self, endpoint: Resource) -> None:
        """Have everything that should serve do so; what has ended is started again."""
        key, live = endpoint.key, deployment_of(endpoint, "live")
        self._remove_strangers(key, live)
        states = self._serve_what_runs(endpoint, live)
        missing = [place for place in places(live) if place not in states]
        if missing:
            log.warning("endpoint.restoring arn=%s containers=%d", key.arn, len(missing))
            try:
                self._stage(key, live)
                restartable = {place.host for place in missing}
                states |= self._containers.bring_up(endpoint, live, missing, restartable)
            except (ServingError, StagingError) as error:
                log.warning("endpoint.not_restored arn=%s error=%s", key.arn, error)
                self._serve_what_runs(endpoint, live)
                self._again(key)
                return
            self._serve(key, live, states)
        self._settled(key)

    def _serve_what_runs(self, endpoint: Resource, deployment: Deployment) -> dict[Place, ContainerState]:
        """Let the containers answer that can; returns them."""
        states = self._containers.answering(endpoint, deployment)
        self._serve(endpoint.key, deployment, states)
        return states

    def _serve(self, key: Key, deployment: Deployment, states: dict[Place, ContainerState]) -> Served:
        """Let the instances answer whose containers are all in `states`; others no longer do."""
        before = self._fleet.served(key)
        known = {instance.places: instance for instance in (before.instances if before else ())}
        by_variant = tuple(
            ServedVariant(
                name=variant.name,
                weight=variant.weight,
                instances=tuple(
                    instance
                    for number in range(variant.instance_count)
                    if (instance := _instance(deployment, position, number, states, known)) is not None
                ),
                is_least_outstanding=variant.is_least_outstanding,
                is_direct=variant.is_direct,
            )
            for position, variant in enumerate(deployment.variants)
        )
        served = Served(by_variant, deployment.data_capture)
        self._fleet.serve(key, served)
        return served

    # -- the end ------------------------------------------------------------

    def _delete(self, endpoint: Resource) -> None:
        key = endpoint.key
        self._fleet.drain(self._fleet.withdraw(key), ANSWER_SECONDS)
        self._clear(key)
        self._store.delete(key)

    def _clear(self, key: Key) -> None:
        """Leave nothing of an endpoint that is not in the store, or not for long."""
        self._fleet.withdraw(key)
        self._settled(key)
        self._containers.end_all(key)
        shutil.rmtree(self._jobs_dir / endpoint_subpath(key), ignore_errors=True)

    def _remove_all(self, key: Key) -> None:
        """End the containers of an endpoint that never served; kept for a look where that is wanted."""
        if not self._keep_failed:
            self._containers.end_all(key)
            shutil.rmtree(self._jobs_dir / endpoint_subpath(key), ignore_errors=True)

    def _remove_strangers(self, key: Key, deployment: Deployment) -> None:
        """End every container that `deployment` does not have, and remove the models of other revisions."""
        ours = {place.host for place in places(deployment)}
        self._containers.end(
            state for host, state in self._containers.present(key).items() if host not in ours
        )
        folders = {Path(model_subpath(key, place)).name for place in places(deployment)}
        for folder in _folders(self._jobs_dir / endpoint_subpath(key)):
            if folder.name not in folders:
                shutil.rmtree(folder, ignore_errors=True)


def endpoint_subpath(key: Key) -> str:
    """An endpoint's folder in the jobs' volume."""
    return f"endpoint/{folder_name(key)}"


def folder_name(key: Key) -> str:
    """What an endpoint's folder is called."""
    return f"{key.owner.account_id}-{key.owner.region}-{key.name}"


def model_subpath(key: Key, place: Place) -> str:
    """The folder of a container's model; all instances of a variant share it."""
    return f"{endpoint_subpath(key)}/r{place.revision}-v{place.variant}-c{place.container}"


def _folders(parent: Path) -> Collection[Path]:
    return list(parent.iterdir()) if parent.is_dir() else []


def _instance(
    deployment: Deployment,
    position: int,
    number: int,
    states: dict[Place, ContainerState],
    known: dict[tuple[tuple[str, int], ...], Instance],
) -> Instance | None:
    """An instance whose containers are all there; the same object while they stay where they are."""
    variant = deployment.variants[position]
    targets: list[Target] = []
    for container_number, container in enumerate(variant.containers):
        state = states.get(Place(deployment.revision, position, number, container_number))
        if state is None or state.address is None:
            return None
        targets.append(Target(container.name, Connections(state.address, port_of(variant, container_number))))
    instance = Instance(tuple(targets))
    return known.get(instance.places, instance)
