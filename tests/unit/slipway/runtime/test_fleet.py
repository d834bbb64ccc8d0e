"""Who answers: shares, turns, a switch that loses nobody, a drain that waits."""

import threading

import pytest
from slipway.errors import RuntimeValidationError, ServiceUnavailable
from slipway.resources.resource import Key, Kind, Owner
from slipway.runtime.connections import Connections
from slipway.runtime.fleet import Fleet, Instance, NothingServesError, Served, ServedVariant, Target

KEY = Key(Owner("000000000000", "us-east-1"), Kind.ENDPOINT, "churn")


def instance(port: int = 8080) -> Instance:
    return Instance((Target("primary", Connections("127.0.0.1", port)),))


def variant(name: str, *instances: Instance, weight: float = 1.0) -> ServedVariant:
    return ServedVariant(name, weight, instances)


def taken_name(fleet: Fleet, name: str | None = None) -> str:
    with fleet.taken(KEY, name) as taken:
        return taken.variant.name


def test_a_request_goes_where_the_draw_falls() -> None:
    draws = iter([0.0, 0.74, 0.75])
    fleet = Fleet(lambda: next(draws))
    fleet.serve(KEY, Served((variant("A", instance(), weight=3), variant("B", instance(), weight=1))))

    assert [taken_name(fleet) for _ in range(3)] == ["A", "A", "B"]


def test_a_variant_can_be_named_whatever_its_weight() -> None:
    fleet = Fleet()
    fleet.serve(KEY, Served((variant("A", instance()), variant("B", instance(), weight=0))))

    assert taken_name(fleet, "B") == "B"
    with pytest.raises(RuntimeValidationError, match="Variant C not found"):
        taken_name(fleet, "C")


def test_weights_that_are_all_zero_say_how_to_go_on() -> None:
    fleet = Fleet()
    fleet.serve(KEY, Served((variant("A", instance(), weight=0),)))

    with pytest.raises(RuntimeValidationError, match="TargetVariant"):
        taken_name(fleet)


def test_a_variant_without_instances_leaves_its_share_to_the_others() -> None:
    fleet = Fleet(lambda: 0.0)
    fleet.serve(KEY, Served((variant("A"), variant("B", instance()))))

    assert taken_name(fleet) == "B"


def test_no_instance_at_all_is_worth_another_try() -> None:
    fleet = Fleet()
    fleet.serve(KEY, Served((variant("A"),)))

    with pytest.raises(ServiceUnavailable):
        taken_name(fleet)


def test_the_instance_with_fewer_requests_is_next() -> None:
    fleet = Fleet()
    first, second = instance(1), instance(2)
    fleet.serve(KEY, Served((variant("A", first, second),)))

    with fleet.taken(KEY, None) as one, fleet.taken(KEY, None) as two:
        assert {one.instance, two.instance} == {first, second}


def test_one_that_refused_is_left_out() -> None:
    fleet = Fleet()
    first, second = instance(1), instance(2)
    fleet.serve(KEY, Served((variant("A", first, second),)))

    for _ in range(4):
        with fleet.taken(KEY, None, without={first}) as taken:
            assert taken.instance is second


def test_after_a_switch_nothing_new_reaches_the_old() -> None:
    fleet = Fleet()
    old, new = instance(1), instance(2)
    fleet.serve(KEY, Served((variant("A", old),)))
    with fleet.taken(KEY, None):
        fleet.serve(KEY, Served((variant("A", new),)))

        with fleet.taken(KEY, None) as taken:
            assert taken.instance is new
        assert old.outstanding == 1
    assert old.outstanding == 0


def test_a_drain_ends_with_the_last_request() -> None:
    fleet = Fleet()
    old = instance()
    fleet.serve(KEY, Served((variant("A", old),)))
    drained = threading.Event()

    def drain() -> None:
        fleet.drain({old}, timeout_seconds=60)
        drained.set()

    thread = threading.Thread(target=drain)
    with fleet.taken(KEY, None):
        thread.start()
        assert not drained.wait(0.05)
    thread.join()

    assert drained.is_set()


def test_what_was_withdrawn_answers_no_more() -> None:
    fleet = Fleet()
    old = instance()
    fleet.serve(KEY, Served((variant("A", old),)))

    assert fleet.withdraw(KEY) == {old}
    with pytest.raises(NothingServesError):
        taken_name(fleet)


def test_waiting_ends_when_somebody_serves() -> None:
    fleet = Fleet()
    assert not fleet.wait_for(KEY, 0.01)
    thread = threading.Thread(target=fleet.serve, args=(KEY, Served(())))
    thread.start()

    assert fleet.wait_for(KEY, 60)
    thread.join()
