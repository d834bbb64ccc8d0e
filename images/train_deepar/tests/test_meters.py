import os

from train_deepar.serving.meters import BUCKETS, Meters


def text(meters: Meters) -> str:
    return meters.text({"estimator": 'a"b\\c\nd'})


def test_what_all_workers_did_is_added_up() -> None:
    meters = Meters(2)
    first, second = meters.of(0), meters.of(1)

    first.answered(200, 3, 0.02)
    second.answered(200, 1, 0.3)
    second.answered(400, 0, 90.0)

    lines = text(meters).splitlines()
    assert 'train_deepar_invocations_total{status="200"} 2' in lines
    assert 'train_deepar_invocations_total{status="400"} 1' in lines
    assert "train_deepar_series_total 4" in lines
    assert "train_deepar_workers 2" in lines
    assert 'train_deepar_model_info{estimator="a\\"b\\\\c\\nd"} 1' in lines


def test_the_histogram_counts_what_took_no_longer() -> None:
    meters = Meters(1)
    for seconds in (BUCKETS[0], 0.02, 0.3, 90.0):
        meters.of(0).answered(200, 1, seconds)

    buckets = [line for line in text(meters).splitlines() if "_bucket" in line]
    assert buckets[0].endswith('{le="0.01"} 1')
    assert buckets[1].endswith('{le="0.025"} 2')
    assert buckets[-1].endswith('{le="+Inf"} 4')
    counts = [int(line.split()[1]) for line in buckets]
    assert counts == sorted(counts)
    assert "train_deepar_invocation_seconds_count 4\n" in text(meters)


def test_another_process_writes_into_the_same_numbers() -> None:
    meters = Meters(2)

    process = os.fork()
    if process == 0:
        meters.of(1).answered(200, 5, 0.001)
        os._exit(0)
    os.waitpid(process, 0)

    assert "train_deepar_series_total 5\n" in text(meters)
