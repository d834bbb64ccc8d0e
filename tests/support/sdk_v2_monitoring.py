"""The monitoring files of the SageMaker Python SDK v2; a program of `.venv-sdk-v2`.

`python -m tests.support.sdk_v2_monitoring FOLDER FEATURE` prints what the SDK's
classes read of a drift job's files, with FEATURE's monitoring switched off.
"""

import json
import sys
from pathlib import Path

from sagemaker import Session
from sagemaker.model_monitor import Constraints, ConstraintViolations, Statistics


def main(folder: Path, feature: str) -> None:
    """Read each file as a notebook would, which takes it through S3."""
    session = Session()
    kinds = {
        "statistics": Statistics,
        "constraints": Constraints,
        "constraint_violations": ConstraintViolations,
    }
    read = {
        name: kind.from_file_path(str(folder / f"{name}.json"), sagemaker_session=session)
        for name, kind in kinds.items()
    }
    read["constraints"].set_monitoring(False, feature)
    read["constraints"].save()
    read["saved"] = Constraints.from_s3_uri(read["constraints"].file_s3_uri, sagemaker_session=session)
    print(json.dumps({name: file.body_dict for name, file in read.items()}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
