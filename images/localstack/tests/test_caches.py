import os
import subprocess
import sys
from pathlib import Path


def test_both_indexes_are_left_where_localstack_looks(tmp_path: Path) -> None:
    # The folders of the container are those below /, told to be below here.
    folders = {"OVERRIDE_IN_DOCKER": "0", "FILESYSTEM_ROOT": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}

    subprocess.run([sys.executable, "-m", "slipway_localstack.caches"], env=os.environ | folders, check=True)

    [entry_points] = (tmp_path / "plux").glob("*.entry_points.txt")
    assert "refuse_downloads=slipway_localstack" in entry_points.read_text("utf-8").replace(" ", "")
    [services] = (tmp_path / "var/lib/localstack/cache").glob("service-catalog-4_14_0-*.dill")
    assert services.stat().st_size > 0
