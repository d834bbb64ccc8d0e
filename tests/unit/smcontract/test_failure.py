from pathlib import Path

import pytest
from smcontract.failure import shortened, write_reason

# FailureReason has at most 1,024 characters (API DescribeTrainingJob), ExitMessage is
# the first kilobyte of the file and must be UTF-8 (developer guide, processing).
LIMIT = 1024


@pytest.mark.parametrize("text", ["", "eta must be a number.", "x" * LIMIT, "é" * (LIMIT // 2)])
def test_what_fits_stays_as_it_is(text: str) -> None:
    assert shortened(text) == text


@pytest.mark.parametrize("character", ["x", "é", "…", "🚢"])
@pytest.mark.parametrize("offset", range(4))
def test_a_cut_falls_between_characters_wherever_they_begin(character: str, offset: int) -> None:
    text = "-" * offset + character * (2 * LIMIT)

    cut = shortened(text)

    assert len(cut.encode("utf-8")) <= LIMIT
    head = cut.removesuffix(" …")
    assert head != cut
    assert text.startswith(head)
    # No more than one character and the mark of the cut is given up.
    assert len(cut.encode("utf-8")) > LIMIT - len(character.encode("utf-8"))


def test_a_cut_leaves_no_blank_before_its_mark() -> None:
    assert shortened("one two three", limit_bytes=8) == "one …"


def test_the_reason_is_cut_in_the_file_as_well(tmp_path: Path) -> None:
    file = tmp_path / "output" / "failure"

    write_reason(file, "é" * LIMIT)

    content = file.read_bytes()
    assert len(content) <= LIMIT
    assert content.decode("utf-8").endswith("é …")


def test_the_folder_of_the_file_is_made(tmp_path: Path) -> None:
    write_reason(tmp_path / "output" / "message", "no rows")

    assert (tmp_path / "output" / "message").read_text(encoding="utf-8") == "no rows"


def test_a_file_that_cannot_be_written_hides_no_failure(tmp_path: Path) -> None:
    (tmp_path / "output").write_text("not a folder", encoding="utf-8")

    write_reason(tmp_path / "output" / "failure", "no rows")

    assert (tmp_path / "output").read_text(encoding="utf-8") == "not a folder"


def test_a_name_that_is_no_unicode_hides_no_failure(tmp_path: Path) -> None:
    # As Python hands over a file name of other bytes: PEP 383.
    write_reason(tmp_path / "failure", b"caf\xe9.csv is empty".decode("utf-8", "surrogateescape"))

    assert (tmp_path / "failure").read_text(encoding="utf-8") == "caf?.csv is empty"
