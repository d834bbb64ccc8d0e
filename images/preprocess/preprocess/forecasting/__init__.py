"""Forecasting: long or wide rows of many series to the channels of a model of them all."""
