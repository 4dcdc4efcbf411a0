"""What models are measured with: corrections, noise, recordings, guesses of membership, other predictors."""
