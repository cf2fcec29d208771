"""What the server is measured against: the same model behind other people's usual servers."""
