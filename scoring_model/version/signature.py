"""`signature_of`: the schema that MLflow checks requests by, made from the contract."""

from typing import TYPE_CHECKING

from scoring_model.contract import FeatureContract
from scoring_model.policy import FIELDS

if TYPE_CHECKING:
    from mlflow.models import ModelSignature


def signature_of(contract: FeatureContract) -> "ModelSignature":
    """Return the MLflow signature: numbers `double`, categories `string`, nullable ones optional.

    No column is `boolean`: MLflow turns a null boolean into False and the text "false" into True.
    """
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, DataType, Schema

    inputs = [
        ColSpec(
            DataType.double if feature.kind == "number" else DataType.string,
            name=feature.name,
            required=not feature.nullable,
        )
        for feature in contract.features
    ]
    kinds = (DataType.double, DataType.long, DataType.double)
    outputs = [ColSpec(kind, name=name) for name, kind in zip(FIELDS, kinds, strict=True)]
    return ModelSignature(inputs=Schema(inputs), outputs=Schema(outputs))
