"""What became of the decisions: proof, erasure and replay of the decision log."""
