"""Which local image runs for the image that a request names."""

import json
from pathlib import Path

import pytest
from slipway.containers.engine import ImageMissingError, LocalImage
from slipway.containers.images import ImageMapError, Images, read_mapping

DIGEST = "sha256:" + "a" * 64
IMAGE_ID = "sha256:" + "b" * 64
ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
PUBLIC = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost"


class Shelf:
    """An engine's images, found under their names as Docker finds them."""

    def __init__(self, *images: LocalImage) -> None:
        self._images = list(images)

    def image_id(self, reference: str) -> str | None:
        tagged = reference if ":" in reference.rpartition("/")[2] else f"{reference}:latest"
        for image in self._images:
            if tagged in image.tags or reference in (*image.digests, image.image_id):
                return image.image_id
        return None

    def images(self) -> list[LocalImage]:
        return self._images


SHELF = Shelf(
    LocalImage("sha256:" + "c" * 64, ("unrelated:1",), ()),
    LocalImage(IMAGE_ID, ("slipway/train:v1", "train:latest"), (f"localhost:5000/slipway/train@{DIGEST}",)),
    LocalImage("sha256:" + "d" * 64, (f"{ECR}/only/there:2",), ()),
)


@pytest.mark.parametrize(
    ("image_uri", "run"),
    [
        ("slipway/train:v1", "slipway/train:v1"),
        ("train", "train"),
        (IMAGE_ID, IMAGE_ID),
        (f"{ECR}/only/there:2", f"{ECR}/only/there:2"),
        # Of another registry: the repository and the tag, or the digest, say which it is.
        (f"{ECR}/slipway/train:v1", "slipway/train:v1"),
        ("localhost:5000/slipway/train:v1", "slipway/train:v1"),
        (f"{ECR}/train", "train"),
        (f"{ECR}/whatever@{DIGEST}", IMAGE_ID),
        # What was never pushed has no digest but its own id.
        (f"{ECR}/whatever@{IMAGE_ID}", IMAGE_ID),
        ("999999999999.dkr.ecr.eu-west-1.amazonaws.com/only/there:2", f"{ECR}/only/there:2"),
    ],
)
def test_an_image_is_found(image_uri: str, run: str) -> None:
    assert Images(SHELF, {}).resolve(image_uri) == run


@pytest.mark.parametrize(
    "image_uri",
    [
        "slipway/train:v2",
        "slipway/train",
        "other/train:v1",
        f"{ECR}/slipway/train:v2",
        f"{ECR}/slipway/train@sha256:{'e' * 64}",
    ],
)
def test_an_image_that_is_not_here_is_told_in_awss_words_with_the_way_out(image_uri: str) -> None:
    with pytest.raises(ImageMissingError) as caught:
        Images(SHELF, {}).resolve(image_uri)

    # The words of a recorded job (amazon-sagemaker-examples issue 2333).
    assert str(caught.value).startswith(
        f"ClientError: API error (404): manifest for {image_uri} not found: "
        "manifest unknown: Requested image not found"
    )
    assert "SLIPWAY_IMAGE_MAP" in str(caught.value)


def test_the_mapping_comes_first_and_its_longest_beginning_counts() -> None:
    images = Images(SHELF, {PUBLIC: "train:latest", f"{PUBLIC}:1.7-1": "slipway/train:v1"})

    assert images.resolve(f"{PUBLIC}:1.7-1") == "slipway/train:v1"
    assert images.resolve(f"{PUBLIC}:1.5-1") == "train:latest"


def test_a_mapping_to_an_image_that_is_not_here_names_both() -> None:
    with pytest.raises(ImageMissingError, match=r"xgboost:1\.7-1 not found.*says to run mine:1"):
        Images(SHELF, {PUBLIC: "mine:1"}).resolve(f"{PUBLIC}:1.7-1")


def test_a_mapping_is_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "images.json"
    file.write_text(json.dumps({PUBLIC: "train:latest"}), "utf-8")

    assert read_mapping(file) == {PUBLIC: "train:latest"}
    assert read_mapping(None) == {}


@pytest.mark.parametrize("text", ["", "[]", '{"a": 1}', "no JSON"])
def test_what_is_no_mapping_is_refused_by_the_files_name(tmp_path: Path, text: str) -> None:
    file = tmp_path / "images.json"
    file.write_text(text, "utf-8")

    with pytest.raises(ImageMapError, match=r"images\.json"):
        read_mapping(file)
