import io
import zipfile
from pathlib import Path

from orchestration.deploy_function import CODE, HANDLER, packed


def test_the_same_code_is_the_same_bytes(tmp_path: Path) -> None:
    first, second = tmp_path / "one" / "code.py", tmp_path / "two" / "code.py"
    for file in (first, second):
        file.parent.mkdir()
        file.write_text("x = 1\n", encoding="utf-8")

    assert packed(first) == packed(second)


def test_lambda_finds_the_handler_in_the_archive() -> None:
    module, function = HANDLER.split(".")

    with zipfile.ZipFile(io.BytesIO(packed(CODE))) as archive:
        (member,) = archive.infolist()
        text = archive.read(member).decode()

    assert member.filename == f"{module}.py"
    assert f"def {function}(event" in text
    # Whoever the function runs as reads it.
    assert member.external_attr >> 16 == 0o644
