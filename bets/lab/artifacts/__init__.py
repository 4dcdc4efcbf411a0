"""Models as bytes: weights, signed manifests, keys, packed ternary values, and how to tamper with them."""
