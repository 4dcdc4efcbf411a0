"""What git says of a checkout and of its history."""
