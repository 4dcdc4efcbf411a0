"""What a bet computes with, read from source: definitions by their meaning, and which of them a bet can reach."""
