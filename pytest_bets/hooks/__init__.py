"""What pytest sees: options, collection, measuring, judging, terminal."""
