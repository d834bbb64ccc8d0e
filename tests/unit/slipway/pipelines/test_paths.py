"""Paths of references and of Std:JsonGet."""

import pytest
from botocore.loaders import Loader
from botocore.model import ListShape, ServiceModel, Shape, StructureShape
from hypothesis import given
from hypothesis import strategies as st
from slipway.pipelines.paths import NAMING, PathError, parse_path, walk, written


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a", ("a",)),
        ("a.b.c", ("a", "b", "c")),
        ("a[0].b", ("a", 0, "b")),
        ("a['b.c'].d", ("a", "b.c", "d")),
        ('a["b"][12]', ("a", "b", 12)),
        ("[0]", (0,)),
        ("['a b']", ("a b",)),
        ("a-b.c d.é", ("a-b", "c d", "é")),
        # The SDK quotes without escapes.
        ("a['it's']", ("a", "it's")),
        ("a['x']y'].b", ("a", "x']y", "b")),
        ("a['x[0]'][0]", ("a", "x[0]", 0)),
        ("a['']", ("a", "")),
        ("a['line\nbreak']", ("a", "line\nbreak")),
    ],
)
def test_paths_are_names_and_indices(text: str, parts: tuple[str | int, ...]) -> None:
    assert parse_path(text) == parts


@pytest.mark.parametrize(
    "text",
    [
        *("", ".", ".a", "a.", "a..b", "a[", "a]", "a[]", "a[-1]", "a[b]", "a['b", "a['b\"]"),
        *("a.[0]", "a[0]b", "a['b']c", "a[1234567890]"),
    ],
)
def test_what_is_no_path_is_refused(text: str) -> None:
    with pytest.raises(PathError):
        parse_path(text)


NAMES = st.text(st.characters(exclude_characters=".[]'\"", exclude_categories=["Cs"]), min_size=1)
PARTS = st.lists(st.one_of(NAMES, st.integers(0, 999_999_999)), min_size=1, max_size=6)


@given(PARTS)
def test_written_paths_are_read_again(parts: list[str | int]) -> None:
    assert parse_path(written(parts)) == tuple(parts)


@given(st.text(max_size=40))
def test_any_text_is_a_path_or_refused(text: str) -> None:
    try:
        parts = parse_path(text)
    except PathError:
        return
    assert parts


DOCUMENT = {
    "Outputs": [
        {"OutputName": "train", "S3Output": {"S3Uri": "s3://b/train"}},
        {"OutputName": "test", "S3Output": {"S3Uri": "s3://b/test"}},
    ],
    "Environment": {"a.b": "1", "0": "zero"},
    "Nothing": None,
}


def test_a_name_picks_the_item_that_is_called_so() -> None:
    assert walk(DOCUMENT, parse_path("Outputs['test'].S3Output.S3Uri"), by_name=True) == "s3://b/test"


def test_an_index_picks_the_item_at_its_place() -> None:
    assert walk(DOCUMENT, parse_path("Outputs[1].OutputName"), by_name=True) == "test"


def test_a_name_in_brackets_is_a_maps_key() -> None:
    assert walk(DOCUMENT, parse_path("Environment['a.b']")) == "1"
    assert walk(DOCUMENT, parse_path("Environment.0")) == "zero"


def test_null_is_a_value() -> None:
    assert walk(DOCUMENT, ("Nothing",)) is None


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("Nope", "the document has no member 'Nope'; it has 'Outputs', 'Environment', 'Nothing'"),
        ("Outputs['nope']", "'Outputs' has no item called 'nope'; it has 'train', 'test'"),
        ("Outputs[2]", "'Outputs' has 2 items, so none with index 2"),
        ("Outputs[0].S3Output.S3Uri.Key", "'Outputs[0].S3Output.S3Uri' is a text, which has no member 'Key'"),
        ("Environment[0]", "'Environment' is an object, which has no item 0"),
        ("Nothing.More", "'Nothing' is null"),
    ],
)
def test_a_path_that_leads_nowhere_says_where_it_ends(path: str, reason: str) -> None:
    with pytest.raises(PathError) as ended:
        walk(DOCUMENT, parse_path(path), by_name=True)
    assert reason in str(ended.value)


def test_json_has_no_items_by_name() -> None:
    with pytest.raises(PathError, match="is a list, which has no member 'test'"):
        walk(DOCUMENT, parse_path("Outputs.test"))


def lists_of_structures(shape: Shape, seen: frozenset[str] = frozenset()) -> dict[str, set[str]]:
    """The members of the items of every list of structures below a shape, by the list's name."""
    if shape.name in seen:
        return {}
    below = seen | {shape.name}
    if isinstance(shape, StructureShape):
        inner = [lists_of_structures(member, below) for member in shape.members.values()]
        return {name: members for found in inner for name, members in found.items()}
    if isinstance(shape, ListShape) and isinstance(shape.member, StructureShape):
        own = {shape.name: set(shape.member.members)}
        return {**own, **lists_of_structures(shape.member, below)}
    return {}


# Items that only refer to a name that is something else's.
NAMELESS = {"ContainerDefinitionList", "ModelPackageContainerDefinitionList"}


@pytest.mark.parametrize(
    "operation",
    ["DescribeProcessingJob", "DescribeTrainingJob", "DescribeModel", "DescribeModelPackage"],
)
def test_every_list_of_named_items_is_known_by_one_name(operation: str) -> None:
    """botocore's model is what the SDK's properties are made of."""
    model = ServiceModel(Loader().load_service_model("sagemaker", "service-2"))
    shape = model.operation_model(operation).output_shape
    assert shape is not None

    for name, members in lists_of_structures(shape).items():
        named = [member for member in members if member.endswith("Name")]
        if named and name not in NAMELESS:
            assert len(members & set(NAMING)) == 1, name
