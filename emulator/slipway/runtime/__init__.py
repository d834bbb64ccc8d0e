"""InvokeEndpoint: routing, calling, capturing."""
