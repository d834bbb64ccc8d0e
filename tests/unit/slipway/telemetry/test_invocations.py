from slipway.telemetry.invocations import Invocations

DIMENSIONS = [{"Name": "EndpointName", "Value": "e"}, {"Name": "VariantName", "Value": "v"}]


def counted(*answers: tuple[int, float, float]) -> Invocations:
    invocations = Invocations()
    for status, model_latency, overhead in answers:
        invocations.add(status, model_latency, overhead)
    return invocations


def test_a_minute_is_a_statistic_set_for_each_metric() -> None:
    invocations = counted((200, 3000.0, 200.0), (400, 1000.0, 100.0), (500, 2000.0, 300.0))

    data = {datum["MetricName"]: datum for datum in invocations.data("e", "v", 60.0)}

    # Developer guide, "SageMaker endpoint invocation metrics": a 1 for each error, otherwise a 0.
    assert {name: datum["StatisticValues"] for name, datum in data.items()} == {
        "Invocations": {"SampleCount": 3, "Sum": 3, "Minimum": 1, "Maximum": 1},
        "Invocation4XXErrors": {"SampleCount": 3, "Sum": 1, "Minimum": 0, "Maximum": 1},
        "Invocation5XXErrors": {"SampleCount": 3, "Sum": 1, "Minimum": 0, "Maximum": 1},
        "ModelLatency": {"SampleCount": 3, "Sum": 6000, "Minimum": 1000, "Maximum": 3000},
        "OverheadLatency": {"SampleCount": 3, "Sum": 600, "Minimum": 100, "Maximum": 300},
    }
    assert {name: datum["Unit"] for name, datum in data.items()} == {
        "Invocations": "None",
        "Invocation4XXErrors": "None",
        "Invocation5XXErrors": "None",
        "ModelLatency": "Microseconds",
        "OverheadLatency": "Microseconds",
    }
    assert all(datum["Dimensions"] == DIMENSIONS for datum in data.values())
    assert all(datum["Timestamp"] == 60.0 for datum in data.values())


def test_two_counts_add_up() -> None:
    answers = [(200, 3000.0, 200.0), (424, 1000.0, 100.0), (503, 2000.0, 300.0)]
    first, second = counted(*answers[:1]), counted(*answers[1:])

    first.merge(second)

    assert first.data("e", "v", 0.0) == counted(*answers).data("e", "v", 0.0)
