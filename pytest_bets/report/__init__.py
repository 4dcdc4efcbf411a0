"""The catalogue as a site: static pages that open from disk without a network."""
