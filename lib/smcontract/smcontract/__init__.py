"""What any container may assume about /opt/ml.

The container side of SageMaker's training, processing and hosting contracts,
in the standard library only, so that every image can carry it.
"""
