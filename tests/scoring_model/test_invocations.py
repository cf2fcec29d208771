"""`/invocations` is MLflow's own protocol and answers as `/predict` does."""

import io
from pathlib import Path
from typing import Any

import mlflow.pyfunc
import pandas as pd

from tests.scoring_model.planted import make_contract, make_rows
from tests.scoring_model.processes import Server

ROWS = [
    {key: str(v).lower() if isinstance(v, bool) else v for key, v in row.items()}
    for row in make_rows(make_contract(), 200, seed=11)
]
NAMES = list(make_contract().names)
KINDS = {f.name: f.kind for f in make_contract().features}


def frame() -> pd.DataFrame:
    """Return the rows as a client's DataFrame."""
    table = pd.DataFrame(ROWS, columns=NAMES)
    return table.astype({n: "float64" if k == "number" else "str" for n, k in KINDS.items()})


def predictions(server: Server, **request: Any) -> Any:
    answer = server.http.post("/invocations", **request)
    assert answer.status_code == 200, answer.text
    return answer.json()["predictions"]


def test_every_format_answers_as_predict(server: Server) -> None:
    expected = server.http.post("/predict", json=ROWS).json()
    complete = [[row.get(name) for name in NAMES] for row in ROWS]
    split = {"columns": NAMES, "data": complete}
    assert predictions(server, json={"dataframe_records": ROWS}) == expected
    assert predictions(server, json={"dataframe_split": split}) == expected
    csv = frame().to_csv(index=False)
    headers = {"Content-Type": "text/csv"}
    assert predictions(server, content=csv.encode(), headers=headers) == expected
    buffer = io.BytesIO()
    frame().to_parquet(buffer)
    headers = {"Content-Type": "application/vnd.apache.parquet"}
    assert predictions(server, content=buffer.getvalue(), headers=headers) == expected


def test_python_model_answers_as_predict(server: Server, model_folder: Path) -> None:
    expected = server.http.post("/predict", json=ROWS).json()
    answers = mlflow.pyfunc.load_model(str(model_folder)).predict(frame())
    assert answers.to_dict(orient="records") == expected
