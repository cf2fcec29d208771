"""A process that checks and scores boosters' texts, so that a crash or a hang ends only it.

`python -m tests.scoring_model.trees.score_texts GIVEN SAID` reads `{"names", "codes", "texts"}` and
writes one line of JSON for each text: why it is refused, or `scored`.
"""

import json
import sys
from pathlib import Path

import numpy as np

from scoring_model.errors import ArtifactError
from scoring_model.trees import TreeModel, check_tree_text, make_probe, read_trees

ROWS, EXPLAINED = 50, 5


def judge(text: str, names: list[str], codes: list[int]) -> str:
    """Return what becomes of one text."""
    try:
        check_tree_text(text, names, codes)
        model = TreeModel(text)
    except ArtifactError as error:
        return f"refused: {error}"
    rows = make_probe(read_trees(text) or [], model.columns)[:ROWS]
    rows = np.vstack([rows, np.zeros(model.columns), np.full(model.columns, np.nan)])
    margins = model.predict(rows)
    single = [model.predict_row(row) for row in rows.tolist()]
    contributions = model.predict(rows[-EXPLAINED:], pred_contrib=True)
    finite = all(np.isfinite(some).all() for some in (margins, single, contributions))
    return "scored" if finite and np.array_equal(margins, single) else "wrong"


if __name__ == "__main__":
    given = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    with Path(sys.argv[2]).open("w", encoding="utf-8", buffering=1) as said:
        for text in given["texts"]:
            said.write(json.dumps(judge(text, given["names"], given["codes"])) + "\n")
