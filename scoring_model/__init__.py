"""What ships inside the logged model and runs in production: contract, policy, scorer, server."""
