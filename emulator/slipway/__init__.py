"""SageMaker's control plane on this machine: AWS's wire protocols outside, real containers inside."""
