"""What git says about a checkout and its history."""
