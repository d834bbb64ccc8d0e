"""A client of SageMaker: projects become pipelines, pipelines are run.

Imports nothing: `orchestration.data_source` must start on a bare Python,
before the project's environment exists.
"""
