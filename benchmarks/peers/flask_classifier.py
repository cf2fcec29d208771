"""Flask, pydantic and `LGBMClassifier` under gunicorn: an older design that is still common."""

from typing import Any

import pandas as pd
from flask import Flask, Response, jsonify, request
from lightgbm import LGBMClassifier
from sklearn.preprocessing import LabelEncoder

from benchmarks.peers.model import BOOSTER, SCORER, Applicant, answer, encode

app = Flask(__name__)
CLASSIFIER = LGBMClassifier()
# the same booster as in the other servers, set as the state of a fitted classifier
CLASSIFIER._Booster = BOOSTER
CLASSIFIER._n_features = CLASSIFIER._n_features_in = BOOSTER.num_feature()
CLASSIFIER._n_classes = 2
CLASSIFIER._le = LabelEncoder().fit([0, 1])
CLASSIFIER.fitted_ = True


@app.post("/predict")
def predict() -> Response:
    """Score one applicant."""
    applicant: Any = Applicant.model_validate_json(request.get_data())
    row = pd.DataFrame([encode(applicant)], columns=SCORER.contract.names)
    return jsonify(answer(CLASSIFIER.predict_proba(row, raw_score=True)[0]))
