"""What Slipway adds to LocalStack's community edition."""
