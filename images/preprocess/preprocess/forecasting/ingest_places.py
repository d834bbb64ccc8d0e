"""`ingest-places`: a feature group with the places around each location, filled once and then left alone."""

from smcontract.entrypoint import StopSignal

from preprocess.feature_arguments import IngestPlacesSettings
from preprocess.forecasting.place_records import read_place_records
from preprocess.ingest import REPORT, fill_group
from preprocess.outputs import remove_earlier


def ingest_places(settings: IngestPlacesSettings, stop: StopSignal) -> None:
    """Make and fill the group of places.csv; one that is full already is left as it is.

    Raises ContractError for whatever the caller can mend.
    """
    remove_earlier(settings.output, [REPORT])
    fill_group(read_place_records(settings.places), settings, stop)
