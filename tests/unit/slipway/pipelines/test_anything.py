"""No definition, however broken, makes anything but the errors that are promised."""

import json
import random
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from slipway.pipelines.caching import cache_key
from slipway.pipelines.conditions import all_hold
from slipway.pipelines.definition import Definition, DefinitionError, StepType, read_definition
from slipway.pipelines.expressions import ExpressionError, resolve
from slipway.pipelines.graph import dependencies, ready, selected, unreachable
from slipway.pipelines.parameters import ParameterError, as_listed, parameter_values

from tests.support.pipeline_definitions import (
    EXAMPLE,
    Values,
    condition,
    document,
    get,
    join,
    quality_check,
    training,
)

CASES = 2000
SEED = 20201201
VALID = [
    EXAMPLE,
    document(
        condition(
            "Gate",
            IfSteps=[training("A", DependsOn=["B"]), training("B")],
            ElseSteps=[training("C", Arguments={"x": [join("/", get("Execution.PipelineName"), 1, True)]})],
        ),
        training("After", Arguments={"x": {"y": get("Steps.B.FinalMetricDataList['auc'].Value")}}),
    ),
    document(
        {
            "Name": "Any",
            "Type": "Condition",
            "Arguments": {
                "Conditions": [
                    {"Type": "In", "QueryValue": get("Parameters.P"), "Values": ["a", "b"]},
                    {"Type": "Or", "Conditions": [{"Type": "Equals", "LeftValue": 1, "RightValue": 1.0}]},
                    {"Type": "Not", "Condition": {"Type": "LessThan", "LeftValue": "a", "RightValue": "b"}},
                ],
                "IfSteps": [training("T")],
            },
        },
        Parameters=[{"Name": "P", "Type": "String", "DefaultValue": "a", "EnumValues": ["a", "b"]}],
    ),
    document(
        quality_check("Check", SkipCheck=get("Parameters.P"), CacheConfig={"Enabled": True}),
        training("T", Arguments={"x": get("Steps.Check.CalculatedBaselineConstraints")}),
        Parameters=[{"Name": "P", "Type": "Boolean", "DefaultValue": False}],
    ),
]
# What has no place where it is put, and names and references that nearly fit.
STRANGE: list[Any] = [
    *(None, True, False, 0, -1, 1.5, 1e300, 10**400, "", " ", "x", "Train", "train", "Gate", "Steps"),
    *([], {}, [None], [[]], {"": None}, {"Get": None}, {"Get": ""}, {"Get": []}, {"Std:Join": None}),
    *({"Std:Join": {"Values": [{}]}}, {"Std:JsonGet": {}}, {"Std:Nope": 1}, {"Step": "Train"}),
    *(get("Steps.Train"), get("Steps.Eval.PropertyFiles.ev"), get("Steps.Gate.Outcome")),
    *(get("Parameters.Thr"), get("Parameters"), get("Execution.["), get("Steps['Train'][0].x")),
    *("Condition", "Fail", "Lambda", "Transform", "Or", "Not", "In", "\x00", "é" * 300, "P1D", "2020-12-01"),
]


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value below `value`."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in inner:
        yield (*path, key)
        yield from places(below, (*path, key))


def mutated(rng: random.Random) -> Any:
    """A valid definition with one to three things changed in it."""
    changed = deepcopy(rng.choice(VALID))
    for _ in range(rng.randint(1, 3)):
        *way, last = rng.choice(list(places(changed)))
        parent = changed
        for key in way:
            parent = parent[key]
        match rng.randrange(5):
            case 0:
                parent[last] = deepcopy(rng.choice(STRANGE))
            case 1:
                del parent[last]
            case 2 if isinstance(parent, dict):
                parent[rng.choice(["Get", "Std:Join", "Type", "Name", "Else", str(last).lower()])] = parent[
                    last
                ]
            case 3 if isinstance(parent, list):
                parent.append(deepcopy(parent[last]))
            case _:
                source: Any = changed
                for key in rng.choice(list(places(changed))):
                    source = source[key]
                parent[last] = deepcopy(source)
    return changed


def interpret(definition: Definition) -> None:
    """Everything that is done with a definition once it has been read."""
    waits_for = dependencies(definition)
    assert set(waits_for) == set(definition.steps)
    listed = as_listed(values_of(definition))
    scope = Values(
        parameters={item["Name"]: item["Value"] for item in listed},
        steps={name: {"Outcome": True} for name in definition.steps},
    )
    for step in definition.steps.values():
        succeeded = {name: True for name in definition.steps if name != step.name}
        assert set(ready(definition, succeeded, succeeded)) <= {step.name}
        assert unreachable(definition, succeeded) <= definition.steps.keys()
        assert step.name not in selected(definition, [step.name])
        try:
            arguments = resolve(step.arguments, scope)
            assert isinstance(arguments, dict)
            cache_key(step, arguments)
            if step.type is StepType.CONDITION:
                all_hold(step.arguments["Conditions"], scope)
        except ExpressionError:
            continue


def values_of(definition: Definition) -> dict[str, Any]:
    """The values of an execution that is given nothing, or as good as nothing."""
    try:
        return parameter_values(definition, [])
    except ParameterError:
        return {}


@pytest.mark.parametrize("valid", VALID, ids=["example", "branches", "conditions", "a check"])
def test_what_is_mutated_is_valid_before(valid: Any) -> None:
    interpret(read_definition(json.dumps(valid)))


def test_mutated_definitions_are_read_or_refused() -> None:
    rng = random.Random(SEED)
    read = refused = 0
    for case in range(CASES):
        text = json.dumps(mutated(rng))
        try:
            definition = read_definition(text)
        except DefinitionError:
            refused += 1
            continue
        except Exception as error:
            raise AssertionError(f"case {case} of seed {SEED}: {text}") from error
        interpret(definition)
        read += 1

    # Both ways are taken often, or the mutations try nothing.
    assert min(read, refused) > CASES / 10


def test_mutated_texts_are_read_or_refused() -> None:
    rng = random.Random(SEED)
    text = json.dumps(EXAMPLE)
    for _ in range(CASES):
        start = rng.randrange(len(text))
        broken = (
            text[:start]
            + rng.choice(['"', "{", "]", "", "\\", "\\ud800", "9" * 400, "."])
            + text[start + 1 :]
        )
        try:
            interpret(read_definition(broken))
        except DefinitionError:
            continue
