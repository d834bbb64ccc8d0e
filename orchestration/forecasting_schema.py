"""A forecasting project's columns as schema.json."""

from typing import Any

from orchestration.forecasting_project import ForecastingProject, Places


def forecasting_schema(project: ForecastingProject) -> dict[str, Any]:
    """schema.json of `project`: its series, what is known ahead of them, what is counted around them."""
    return {
        "version": 1,
        "problem_type": project.problem_type,
        "frequency": project.frequency,
        "prediction_length": project.prediction_length,
        "timestamp": {"name": project.timestamp.name},
        "item_id": list(project.item_id),
        "target": _without_nothing(project.target.model_dump(mode="json")),
        "static": list(project.static),
        "known": [_without_nothing(feature.model_dump(mode="json")) for feature in project.known],
        "holidays": project.holidays,
        "places": _places(project.places) if project.places else None,
    }


def _places(places: Places) -> dict[str, Any]:
    return {
        "column": places.column,
        "radius_meters": places.radius_meters,
        "locations": {name: place.model_dump(mode="json") for name, place in places.locations.items()},
        "counts": dict(places.counts),
    }


def _without_nothing(document: dict[str, Any]) -> dict[str, Any]:
    """Bounds that are not there are left out."""
    return {name: value for name, value in document.items() if value is not None}
