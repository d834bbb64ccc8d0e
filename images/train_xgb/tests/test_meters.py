import os

from train_xgb.serving.meters import BUCKETS, Meters


def text(meters: Meters) -> str:
    return meters.text({"xgboost_version": 'a"b\\c\nd'})


def test_what_all_workers_did_is_added_up() -> None:
    meters = Meters(2)
    first, second = meters.of(0), meters.of(1)

    first.answered(200, 3, 0.0002)
    second.answered(200, 1, 0.3)
    second.answered(400, 0, 60.0)
    first.connected(1)
    second.connected(1)
    second.connected(-1)

    lines = text(meters).splitlines()
    assert 'train_xgb_invocations_total{status="200"} 2' in lines
    assert 'train_xgb_invocations_total{status="400"} 1' in lines
    assert "train_xgb_rows_total 4" in lines
    assert "train_xgb_connections 1" in lines
    assert "train_xgb_workers 2" in lines
    assert 'train_xgb_model_info{xgboost_version="a\\"b\\\\c\\nd"} 1' in lines


def test_the_histogram_counts_what_took_no_longer() -> None:
    meters = Meters(1)
    for seconds in (BUCKETS[0], 0.0002, 0.3, 60.0):
        meters.of(0).answered(200, 1, seconds)

    buckets = [line for line in text(meters).splitlines() if "_bucket" in line]
    assert buckets[0].endswith('{le="0.0001"} 1')
    assert buckets[1].endswith('{le="0.00025"} 2')
    assert buckets[-1].endswith('{le="+Inf"} 4')
    counts = [int(line.split()[1]) for line in buckets]
    assert counts == sorted(counts)
    assert "train_xgb_invocation_seconds_count 4\n" in text(meters)


def test_another_process_writes_into_the_same_numbers() -> None:
    meters = Meters(2)

    process = os.fork()
    if process == 0:
        meters.of(1).answered(200, 5, 0.001)
        os._exit(0)
    os.waitpid(process, 0)

    assert "train_xgb_rows_total 5\n" in text(meters)
