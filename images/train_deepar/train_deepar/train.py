"""The training job: channels in, model artefact out."""

import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import torch
from smcontract.entrypoint import StopSignal
from smcontract.failure import ContractError
from smcontract.root import ContainerRoot
from smcontract.training import Channel, read_channels, read_hyperparameters, read_resource_config

from train_deepar.artefact import Artefact, Weights, save_artefact
from train_deepar.calibration import LOWER, UPPER, Calibration, calibrate, mean_weighted_quantile_loss
from train_deepar.checkpoints import Checkpoints
from train_deepar.checks import check_needs, check_series
from train_deepar.covariates import Scaling, fit_scaling
from train_deepar.distributed import Hosts, join
from train_deepar.ensemble import Ensemble, Parts
from train_deepar.forecaster import Forecaster
from train_deepar.hyperparameters import DEEPAR, SEASONAL_NAIVE, Hyperparameters, parse_hyperparameters
from train_deepar.networks import Architecture, design, likelihood_of
from train_deepar.panel import Panel, read_panel
from train_deepar.series import Floats, Series, read_series
from train_deepar.training import Interrupted, Learnt, metric_line
from train_deepar.windows import prepare

log = logging.getLogger(__name__)

LEARNT_FROM = ("train", "validation")
CHANNELS = (*LEARNT_FROM, "history", "encoder")
LEVELS = tuple(number / 10 for number in range(1, 10))


@dataclass(frozen=True, slots=True)
class Read:
    """A channel's series, and the digest of its files."""

    series: list[Series]
    sha256: str


@dataclass(frozen=True, slots=True)
class Job:
    """Everything that a training job was told, read and checked."""

    hyperparameters: Hyperparameters
    panel: Panel
    channels: Mapping[str, Read]
    prediction_length: int

    @property
    def train(self) -> list[Series]:
        """What is learnt from."""
        return self.channels["train"].series

    @property
    def validation(self) -> list[Series]:
        """The same series and their next days; empty where the channel is not there."""
        return self.channels["validation"].series if "validation" in self.channels else []

    @property
    def history(self) -> list[Series]:
        """What the model knows of each series when it forecasts; the longest part that was given."""
        name = next(name for name in ("history", "validation", "train") if name in self.channels)
        return self.channels[name].series


@dataclass(frozen=True, slots=True)
class Model:
    """What a job has made: weights for each network, and what makes their samples forecasts."""

    weights: Sequence[Weights]
    calibration: Calibration
    manifest: Mapping[str, object]


def train(root: ContainerRoot, stop: StopSignal) -> None:
    """Fit a model as the job's configuration asks and save it in the model folder.

    Raises ContractError for whatever the caller can mend.
    """
    job = read_job(root)
    torch.set_num_threads(job.hyperparameters.nthread)
    # Sums that are shared out differently round differently.
    torch.use_deterministic_algorithms(True)
    # The series are checked. What holds a missing day's place need not be a number that a distribution knows.
    torch.distributions.Distribution.set_default_validate_args(False)
    hosts = join(read_resource_config(root))
    if job.hyperparameters.estimator == SEASONAL_NAIVE:
        manifest = {"trained_until": _last_day(job.train).isoformat(), "stopped_early_by": None}
        model = Model((), Calibration(), manifest)
    else:
        model = _learnt_model(job, root.checkpoints, hosts, stop)
    history = _of_all_hosts(job.history, hosts)
    if hosts.is_leader:
        ordered = sorted(history, key=lambda each: str(each.item_id))
        save_artefact(root.model, job.panel, model.weights, ordered, _manifest(job, model, hosts))
        _report(model)


def read_job(root: ContainerRoot) -> Job:
    """What the job was told. Raises ContractError for whatever cannot be learnt from."""
    hyperparameters = parse_hyperparameters(read_hyperparameters(root))
    channels = _channels(root)
    check_needs(hyperparameters, "validation" in channels)
    panel = read_panel(channels["encoder"].path)
    prediction_length = hyperparameters.prediction_length or panel.prediction_length
    if prediction_length > panel.prediction_length:
        raise ContractError(
            f"Hyperparameters: prediction_length={prediction_length} is beyond the panel's "
            f"{panel.prediction_length} days; preprocess with a longer one, or ask for less."
        )
    read = {}
    for name in CHANNELS[:-1]:
        if name in channels:
            read[name] = Read(*read_series(channels[name].path, panel))
            log.info(
                "channel.read name=%s series=%d sha256=%s", name, len(read[name].series), read[name].sha256
            )
    likelihood = likelihood_of(hyperparameters, panel) if hyperparameters.estimator == DEEPAR else ""
    for name in LEARNT_FROM:
        if name in read:
            check_series(read[name].series, name, hyperparameters, prediction_length, likelihood)
    return Job(hyperparameters, panel, read, prediction_length)


def _channels(root: ContainerRoot) -> dict[str, Channel]:
    channels = read_channels(root)
    problems = [f"channel '{name}' is missing" for name in ("train", "encoder") if name not in channels] + [
        f"channel '{name}' is unknown (known: {', '.join(CHANNELS)})"
        for name in channels
        if name not in CHANNELS
    ]
    for channel in channels.values():
        if channel.input_mode == "Pipe":
            problems.append(f"channel '{channel.name}' comes as Pipe; use File or FastFile")
        if not channel.path.is_dir():
            problems.append(f"channel '{channel.name}' has no folder {channel.path}")
    if problems:
        raise ContractError(f"Channels: {'; '.join(problems)}.")
    return channels


def _learnt_model(job: Job, checkpoint_folder: Path, hosts: Hosts, stop: StopSignal) -> Model:
    """The networks learnt on this host's share with all others, and their calibration."""
    scaling = fit_scaling(_of_all_hosts(job.train, hosts), job.panel)
    architecture = design(job.hyperparameters, job.panel, scaling, job.prediction_length)
    shares = {name: _share(job.channels[name].series, hosts) for name in LEARNT_FROM if name in job.channels}
    parts = Parts(*([prepare(each, job.panel, scaling) for each in share] for share in shares.values()))
    ensemble = Ensemble(
        architecture,
        job.hyperparameters,
        parts,
        hosts,
        Checkpoints(checkpoint_folder, _fingerprint(job, hosts)),
    )
    interrupted_by = None
    try:
        ensemble.fit(stop)
        if job.hyperparameters.refit:
            ensemble.refit(stop)
    except Interrupted:
        interrupted_by = hosts.from_leader(stop.name) or "SIGTERM"
        log.info("training.interrupted by=%s", interrupted_by)
        if not ensemble.fitted:
            raise ContractError(
                f"Stopped by {interrupted_by} before the first epoch was done, so there is no model to keep; "
                "give the job more time, or a checkpoint path from which the next one goes on."
            ) from None
    return _model(job, ensemble, architecture, scaling, hosts, interrupted_by)


def _of_all_hosts(found: list[Series], hosts: Hosts) -> list[Series]:
    """Each series once, whichever host has it."""
    return list({each.item_id: each for part in hosts.gathered(found) for each in part}.values())


def _share(found: list[Series], hosts: Hosts) -> list[Series]:
    return hosts.share(found, [str(series.item_id) for series in found])


def _model(
    job: Job,
    ensemble: Ensemble,
    architecture: Architecture,
    scaling: Scaling,
    hosts: Hosts,
    interrupted_by: str | None,
) -> Model:
    """The newest weights of each network, and the calibration that those before them needed."""
    fitted, refitted = ensemble.fitted, ensemble.refitted
    manifest: dict[str, object] = {
        "architecture": architecture.as_document(),
        "scaling": scaling.as_document(),
        "fitted": [_told(each) for each in fitted],
        "refitted": [_told(each) for each in refitted],
        "stopped_early_by": interrupted_by or fitted[-1].stopped_early_by,
        "trained_until": _last_day(job.validation if refitted else job.train).isoformat(),
    }
    weights = [each.weights for each in fitted]
    calibration, metrics = Calibration(), _mean_metrics(fitted)
    validation = _of_all_hosts(job.validation, hosts)
    # The others wait for the leader where the history comes together.
    if validation and hosts.is_leader:
        model = Model(weights, Calibration(), manifest)
        calibration, judged = _calibrated(job, model, validation, hosts)
        metrics |= judged
    newest = [each.weights for each in refitted] or weights
    return Model(newest, calibration, manifest | {"metrics": metrics})


def _calibrated(
    job: Job, model: Model, validation: list[Series], hosts: Hosts
) -> tuple[Calibration, dict[str, float]]:
    """How far the validation window's forecasts must be widened, and how good they are then."""
    document = _manifest(job, model, hosts)
    forecaster = Forecaster.of(Artefact(document, job.panel, tuple(model.weights), ()))
    horizon, asked = job.prediction_length, job.hyperparameters
    actual: Floats = np.stack([series.target[-horizon:] for series in validation])
    cut = [series.until(len(series.target) - horizon) for series in validation]
    samples = forecaster.raw_samples(cut, horizon, asked.num_eval_samples, asked.seed)
    calibration = calibrate(samples, actual) if asked.calibrate else Calibration()
    samples = calibration.apply(samples, job.panel.target.minimum, job.panel.target.maximum)
    low, high = np.quantile(samples, (LOWER, UPPER), axis=1)
    covered = ((actual >= low) & (actual <= high))[~np.isnan(actual)]
    return calibration, {
        "validation:mean_weighted_quantile_loss": mean_weighted_quantile_loss(samples, actual, LEVELS),
        "validation:coverage_80": float(covered.mean()),
    }


def _told(learnt: Learnt) -> dict[str, object]:
    return {
        "epochs": learnt.epochs,
        "best_epoch": learnt.best_epoch,
        "stopped_early_by": learnt.stopped_early_by,
    }


def _mean_metrics(fitted: Sequence[Learnt]) -> dict[str, float]:
    """The losses of the epochs whose weights are kept, and how many epochs were learnt at most."""
    best = [each.history[each.best_epoch] for each in fitted]
    losses = {name: float(np.mean([each[name] for each in best])) for name in best[0] if name != "epoch"}
    return losses | {"epoch": float(max(each.epochs for each in fitted))}


def _last_day(found: Sequence[Series]) -> date:
    return max(series.forecast_start for series in found) - timedelta(days=1)


def _manifest(job: Job, model: Model, hosts: Hosts) -> dict[str, object]:
    """What the model is and where it came from; the same inputs give the same text."""
    return {
        "estimator": job.hyperparameters.estimator,
        "prediction_length": job.prediction_length,
        "context_length": job.hyperparameters.context_length,
        "calibration": model.calibration.as_document(),
        "metrics": {},
        **model.manifest,
        "hyperparameters": job.hyperparameters.as_document(),
        "panel_sha256": job.panel.sha256,
        "hosts": hosts.count,
        "data": {
            name: {"sha256": read.sha256, "series": len(read.series)} for name, read in job.channels.items()
        },
    }


def _fingerprint(job: Job, hosts: Hosts) -> str:
    """What must be the same for a checkpoint to be this job's: all but how many threads it has."""
    facts = {
        "hyperparameters": {**job.hyperparameters.as_document(), "nthread": None},
        "panel": job.panel.sha256,
        "data": [hosts.gathered(job.channels[name].sha256) for name in LEARNT_FROM if name in job.channels],
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def _report(model: Model) -> None:
    """Print the model's metrics last, one a line, so that they are the final values."""
    metrics = model.manifest.get("metrics") or {}
    assert isinstance(metrics, dict)
    log.info("model.saved networks=%d trained_until=%s", len(model.weights), model.manifest["trained_until"])
    for name, value in metrics.items():
        print(metric_line({name: value}), flush=True)
