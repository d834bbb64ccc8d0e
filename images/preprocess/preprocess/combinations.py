"""Every combination of a schema's categories, and the encoded columns that each has."""

import csv
import hashlib
import io
import itertools
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import prod

from smcontract.failure import ContractError

from preprocess.feature_arguments import DIGEST_DIGITS
from preprocess.group_records import EVENT_TIME, GroupRecord
from preprocess.schema import ENCODER_VERSION, CategoricalFeature, Schema

KEY = "combination"
SEPARATOR = ","
# Beyond that an offline copy of all combinations is no small table any more.
MOST_COMBINATIONS = 1_000_000
LONGEST_KEY_BYTES = 2048  # developer guide, Feature Store quotas: a record identifier
MOST_FEATURES = 2500  # developer guide, Feature Store quotas
# The group's own columns, and those that an offline store adds (API reference, FeatureDefinition).
_TAKEN = (KEY, EVENT_TIME, "is_deleted", "write_time", "api_invocation_time")


@dataclass(frozen=True, slots=True)
class Combinations:
    """All combinations of a schema's categories, which must be fit for a feature group."""

    features: tuple[CategoricalFeature, ...]

    @classmethod
    def of(cls, schema: Schema) -> "Combinations":
        """The combinations. Raises ContractError, naming the feature, where they cannot be looked up."""
        combinations = cls(schema.categorical)
        combinations._check()
        return combinations

    @property
    def encoded_names(self) -> tuple[str, ...]:
        """The columns, in the order in which an encoded row has them after its numbers."""
        return tuple(each.encoded_name for feature in self.features for each in feature.categories)

    @property
    def key_name(self) -> str:
        """The feature that holds the key."""
        return KEY

    @property
    def feature_types(self) -> Mapping[str, str]:
        """Each column is 0 or 1."""
        return dict.fromkeys(self.encoded_names, "Integral")

    @property
    def description(self) -> str:
        """What the group is said to hold."""
        return f"Encoded columns of {len(self)} combinations of categories"

    @property
    def source(self) -> str:
        """What all of it comes from."""
        return "this schema"

    def __len__(self) -> int:
        """How many there are."""
        return prod(len(_values(feature)) for feature in self.features)

    def __iter__(self) -> Iterator[GroupRecord]:
        """Each of them, the last feature's values changing fastest."""
        choices = [
            [(value, _one_hot(feature, value)) for value in _values(feature)] for feature in self.features
        ]
        for chosen in itertools.product(*choices):
            columns = tuple(itertools.chain.from_iterable(part for _, part in chosen))
            yield GroupRecord(SEPARATOR.join(value for value, _ in chosen), columns)

    def group_name(self, prefix: str) -> str:
        """The group of these combinations: another encoding of categories has another name."""
        return f"{prefix}-{self.digest}"

    @property
    def digest(self) -> str:
        """The start of the SHA-256 of what decides every record."""
        document = {
            "encoder_version": ENCODER_VERSION,
            "categorical": [
                {
                    "name": feature.name,
                    "nullable": feature.nullable,
                    "categories": [[each.value, each.encoded_name] for each in feature.categories],
                }
                for feature in self.features
            ],
        }
        text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return hashlib.sha256(text.encode()).hexdigest()[:DIGEST_DIGITS]

    def _check(self) -> None:
        if not self.features:
            raise ContractError("the schema has no categorical feature, so there is nothing to look up.")
        for feature in self.features:
            for value in feature.values:
                if SEPARATOR in value:
                    raise ContractError(
                        f"feature '{feature.name}': the category '{value}' has a comma, which joins the "
                        "categories of a key; rename it, or take the project's feature_group section out."
                    )
        if len(self) > MOST_COMBINATIONS:
            raise ContractError(
                f"the schema's categories have {len(self):,} combinations, more than {MOST_COMBINATIONS:,}; "
                "have fewer categories, or take the project's feature_group section out."
            )
        self._check_names()
        self._check_keys()

    def _check_names(self) -> None:
        names = self.encoded_names
        if len(names) + 2 > MOST_FEATURES:
            raise ContractError(
                f"the schema's categories have {len(names):,} columns; a feature group holds "
                f"{MOST_FEATURES - 2:,} beside key and event time."
            )
        # Catalogs and SQL know a column in whatever case.
        seen = set(_TAKEN)
        for name in names:
            if name.lower() in seen:
                raise ContractError(
                    f"the encoded column '{name}' cannot be a feature: the group, or another column, has "
                    "that name, whatever its case; give it another encoded_name."
                )
            seen.add(name.lower())

    def _check_keys(self) -> None:
        longest = len(self.features) - 1
        longest += sum(max(len(value.encode()) for value in feature.values) for feature in self.features)
        if longest > LONGEST_KEY_BYTES:
            raise ContractError(
                f"a key of the schema's categories can have {longest:,} bytes; "
                f"a record's identifier has at most {LONGEST_KEY_BYTES:,}."
            )
        if len(self.features) == 1 and self.features[0].nullable:
            raise ContractError(
                f"feature '{self.features[0].name}' is the only category and may be empty; "
                "a record's identifier must not."
            )


def key_lines(keys: Iterable[str]) -> bytes:
    """Keys as a file holds them: CSV of one column, without a header."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([key] for key in keys)
    return text.getvalue().encode()


def _values(feature: CategoricalFeature) -> tuple[str, ...]:
    return (*feature.values, "") if feature.nullable else feature.values


def _one_hot(feature: CategoricalFeature, value: str) -> tuple[str, ...]:
    return tuple("1" if each == value else "0" for each in feature.values)
