"""Data quality with Deequ on Spark, behind SageMaker Model Monitor's contract."""
