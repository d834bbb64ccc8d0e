"""The training job: channels in, model artefact out."""

import logging

from smcontract.entrypoint import StopSignal
from smcontract.failure import ContractError
from smcontract.root import ContainerRoot
from smcontract.training import Channel, read_channels, read_hyperparameters, read_resource_config

from train_xgb.artefact import ENCODER_FILE, save_artefact
from train_xgb.boosting import Fitted, Part, fit, metric_line
from train_xgb.data import Dataset, read_dataset
from train_xgb.encoding import Encoder, parse_encoder
from train_xgb.hyperparameters import Hyperparameters, parse_hyperparameters
from train_xgb.pca import Pca, fit_pca

log = logging.getLogger(__name__)

CHANNELS = ("train", "validation", "encoder")


def train(root: ContainerRoot, stop: StopSignal) -> None:
    """Fit a model as the job's configuration asks and save it in the model folder.

    Raises ContractError for whatever the caller can mend.
    """
    hyperparameters = parse_hyperparameters(read_hyperparameters(root))
    channels = _channels(root)
    if hyperparameters.early_stopping_rounds is not None and "validation" not in channels:
        raise ContractError(
            "Hyperparameters: early_stopping_rounds needs the channel 'validation', which decides when to "
            "stop; add the channel or leave the hyperparameter out."
        )
    encoder_bytes, encoder = _read_encoder(channels["encoder"])
    datasets: dict[str, Dataset] = {
        name: read_dataset(channels[name].path, encoder)
        for name in ("train", "validation")
        if name in channels
    }
    for name, dataset in datasets.items():
        log.info("channel.read name=%s rows=%d sha256=%s", name, len(dataset.labels), dataset.sha256)

    pca = _fitted_pca(datasets["train"], hyperparameters)
    parts = [
        Part(name, dataset.encoded if pca is None else pca.apply(dataset.encoded), dataset.labels)
        for name, dataset in datasets.items()
    ]
    names = list(encoder.encoded_names) if pca is None else pca.names
    fitted = fit(parts, names, hyperparameters, stop)

    manifest = _manifest(hyperparameters, encoder, pca, datasets, fitted)
    save_artefact(root.model, fitted.booster, encoder_bytes, pca, manifest)
    _report(fitted)


def _channels(root: ContainerRoot) -> dict[str, Channel]:
    hosts = read_resource_config(root).hosts
    if len(hosts) > 1:
        raise ContractError(
            f"This image trains on one host, the job has {len(hosts)}; set InstanceCount to 1."
        )
    channels = read_channels(root)
    problems = [f"channel '{name}' is missing" for name in ("train", "encoder") if name not in channels] + [
        f"channel '{name}' is unknown (known: {', '.join(CHANNELS)})"
        for name in channels
        if name not in CHANNELS
    ]
    for channel in channels.values():
        if channel.input_mode == "Pipe":
            problems.append(f"channel '{channel.name}' comes as Pipe; use File or FastFile")
        content_type = (channel.content_type or "text/csv").partition(";")[0].strip().lower()
        if channel.name != "encoder" and content_type != "text/csv":
            problems.append(f"channel '{channel.name}' has content type {content_type}; use text/csv")
        if not channel.path.is_dir():
            problems.append(f"channel '{channel.name}' has no folder {channel.path}")
    if problems:
        raise ContractError(f"Channels: {'; '.join(problems)}.")
    return channels


def _read_encoder(channel: Channel) -> tuple[bytes, Encoder]:
    path = channel.path / ENCODER_FILE
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise ContractError(f"{path} is missing; give the encoder that preprocessing made.") from error
    return content, parse_encoder(content, str(path))


def _fitted_pca(dataset: Dataset, hyperparameters: Hyperparameters) -> Pca | None:
    count = hyperparameters.pca_components
    if count is None:
        return None
    pca = fit_pca(dataset.encoded, count, hyperparameters.seed)
    log.info("pca.fitted components=%d explained=%.4f", count, float(pca.explained_variance_ratio.sum()))
    return pca


def _manifest(
    hyperparameters: Hyperparameters,
    encoder: Encoder,
    pca: Pca | None,
    datasets: dict[str, Dataset],
    fitted: Fitted,
) -> dict[str, object]:
    """What the model is and where it came from; the same inputs give the same text."""
    return {
        "objective": hyperparameters.objective,
        "decision_threshold": hyperparameters.decision_threshold,
        "target": encoder.target,
        "labels": {"negative": encoder.negative, "positive": encoder.positive},
        "features": list(encoder.encoded_names),
        "pca_components": None if pca is None else pca.component_count,
        "best_iteration": fitted.best_iteration,
        "rounds_trained": fitted.rounds_trained,
        "stopped_early_by": fitted.stopped_early_by,
        "metrics": fitted.metrics,
        "hyperparameters": hyperparameters.as_document(),
        "data": {name: dataset.as_document() for name, dataset in datasets.items()},
    }


def _report(fitted: Fitted) -> None:
    """Print the kept model's metrics last, one a line, so that they are the final values."""
    log.info(
        "model.saved best_iteration=%d rounds_trained=%d stopped_early_by=%s",
        fitted.best_iteration,
        fitted.rounds_trained,
        fitted.stopped_early_by or "nothing",
    )
    for name, value in fitted.metrics.items():
        print(metric_line({name: value}), flush=True)
