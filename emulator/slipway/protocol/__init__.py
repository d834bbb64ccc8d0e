"""HTTP to typed calls and back; knows no resource."""
