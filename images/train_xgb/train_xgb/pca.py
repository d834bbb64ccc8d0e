"""Principal components: fitted on the training rows, kept as numbers."""

import json
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from smcontract.failure import ContractError

PCA_VERSION = 1


@dataclass(frozen=True, slots=True)
class Pca:
    """A fitted projection of encoded rows onto their main directions."""

    mean: npt.NDArray[np.float64]
    components: npt.NDArray[np.float64]
    explained_variance_ratio: npt.NDArray[np.float64]

    @property
    def component_count(self) -> int:
        """How many columns come out."""
        return len(self.components)

    @property
    def names(self) -> list[str]:
        """The names of the columns that come out."""
        return [f"pca_{index}" for index in range(self.component_count)]

    def apply(self, encoded: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """The projected rows; each row's bits are the same alone and among others.

        One column is added after the other because a matrix product would let
        BLAS choose another order of summation for another number of rows.
        Raises ContractError for empty cells, which have no direction.
        """
        refuse_empty_cells(encoded)
        projected = np.zeros((len(encoded), self.component_count))
        for column, (mean, weights) in enumerate(zip(self.mean, self.components.T, strict=True)):
            projected += (encoded[:, column : column + 1].astype(np.float64) - mean) * weights
        return projected.astype(np.float32)

    def as_document(self) -> dict[str, object]:
        """The numbers, ready for JSON."""
        return {
            "version": PCA_VERSION,
            "mean": self.mean.tolist(),
            "components": self.components.tolist(),
            "explained_variance_ratio": self.explained_variance_ratio.tolist(),
        }


def refuse_empty_cells(encoded: npt.NDArray[np.float32]) -> None:
    """Raise ContractError when a cell is empty."""
    if np.isnan(encoded).any():
        raise ContractError(
            "Hyperparameters: pca_components cannot be used with empty cells; "
            "leave it out, or fill the nullable columns during preprocessing."
        )


def fit_pca(encoded: npt.NDArray[np.float32], component_count: int, seed: int) -> Pca:
    """The projection onto the `component_count` main directions of these rows.

    Raises ContractError when the rows do not have that many directions.
    """
    # Imported here: a job without PCA need not wait for it.
    from sklearn.decomposition import PCA

    most = min(encoded.shape)
    if component_count > most:
        raise ContractError(
            f"Hyperparameters: pca_components={component_count} is more than these data have; "
            f"{encoded.shape[0]} rows of {encoded.shape[1]} columns allow at most {most}."
        )
    refuse_empty_cells(encoded)
    fitted = PCA(n_components=component_count, svd_solver="full", random_state=seed)
    fitted.fit(encoded.astype(np.float64))
    return Pca(
        mean=np.asarray(fitted.mean_, dtype=np.float64),
        components=np.asarray(fitted.components_, dtype=np.float64),
        explained_variance_ratio=np.asarray(fitted.explained_variance_ratio_, dtype=np.float64),
    )


def parse_pca(content: bytes) -> Pca:
    """The projection that `as_document` described. Raises ContractError for another version."""
    document = json.loads(content)
    if document.get("version") != PCA_VERSION:
        raise ContractError(
            f"pca.json has version {document.get('version')!r}, this image reads {PCA_VERSION}; train again."
        )
    return Pca(
        mean=np.asarray(document["mean"], dtype=np.float64),
        components=np.asarray(document["components"], dtype=np.float64),
        explained_variance_ratio=np.asarray(document["explained_variance_ratio"], dtype=np.float64),
    )
