from pathlib import PurePosixPath

import pytest
from slipway.staging.downloads import checked_folders
from slipway.staging.errors import StagingError
from slipway.staging.sources import Source


def found(*paths: str) -> list[Source]:
    return [Source("b", f"key/{path}", path) for path in paths]


def test_the_folders_that_the_paths_need_come_outermost_first() -> None:
    folders = checked_folders(found("c/d/e", "a", "c/f"))

    assert folders == [PurePosixPath(path) for path in (".", "c", "c/d")]


def test_without_a_path_there_is_still_the_folder_itself() -> None:
    assert checked_folders([]) == [PurePosixPath()]


@pytest.mark.parametrize("path", ["../a", "a/../../b", "/etc/passwd", "..", "", "a\0b"])
def test_a_path_out_of_the_folder_is_refused(path: str) -> None:
    with pytest.raises(StagingError, match="would lie outside of its folder"):
        checked_folders(found(path))


@pytest.mark.parametrize("paths", [("a", "a/b"), ("a/b", "a"), ("a", "a"), ("a/b", "a//b"), ("a/b/c", "a")])
def test_two_objects_for_one_place_are_refused_by_name(paths: tuple[str, ...]) -> None:
    with pytest.raises(StagingError, match=r"Cannot download s3://b/key/\S+, a previously downloaded"):
        checked_folders(found(*paths))
