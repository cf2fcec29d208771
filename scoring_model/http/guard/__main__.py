"""`python -m scoring_model.http.guard`, which is `make key`: print a new key and its digest."""

from scoring_model.http.guard.access import make_key

key, digest = make_key()
print(f"key     {key}\ndigest  {digest}")  # noqa: T201  # this is what the command is for
