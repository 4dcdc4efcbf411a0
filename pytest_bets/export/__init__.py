"""Results for other programs: Python values, frames and files."""
