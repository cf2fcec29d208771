"""The registered model's name: the parameter, the portfolio, what is registered already."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from mlflow.tracking import MlflowClient

from tests.made import make_loans, write_portfolio
from tests.stores import own_store
from train.errors import InputError
from train.portfolio import Portfolio, load_portfolio
from train.promotion import DEFAULT_MODEL, Registry, open_registry, registry_of


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file of an empty store; MLflow takes most of a second to make one."""
    folder = tmp_path_factory.mktemp("empty")
    with own_store(folder, "names"):
        pass
    return folder / "mlflow.db"


@pytest.fixture(autouse=True)
def store(tmp_path: Path, database: Path) -> Iterator[MlflowClient]:
    """Use an empty store."""
    shutil.copy(database, tmp_path)
    with own_store(tmp_path, "names"):
        yield MlflowClient()


@pytest.fixture
def portfolio(tmp_path: Path) -> Portfolio:
    """Return a portfolio that names no model."""
    path = write_portfolio(tmp_path, make_loans(10), name='name = "Prêts auto"', model="")
    return load_portfolio(path)


def register(client: MlflowClient, folder: Path, model: str, portfolio: str) -> None:
    client.create_registered_model(model)
    client.create_model_version(model, str(folder), tags={"portfolio": portfolio})


@pytest.mark.parametrize(
    ("given", "in_file", "registered", "expected"),
    [
        ("", None, None, "prets-auto"),
        ("", None, ("credit-scoring", "another portfolio"), "prets-auto"),
        ("", None, ("credit-scoring", "Prêts auto"), "credit-scoring"),
        ("", None, ("elsewhere", "Prêts auto"), "prets-auto"),
        ("", "cars_2021", ("credit-scoring", "Prêts auto"), "cars_2021"),
        ("trial.b", "cars_2021", ("credit-scoring", "Prêts auto"), "trial.b"),
        ("credit-scoring", None, None, "credit-scoring"),
    ],
)
def test_the_first_that_names_it_wins(
    store: MlflowClient,
    tmp_path: Path,
    portfolio: Portfolio,
    given: str,
    in_file: str | None,
    registered: tuple[str, str] | None,
    expected: str,
) -> None:
    if registered:
        register(store, tmp_path, *registered)
    said: list[str] = []
    assert registry_of(replace(portfolio, model=in_file), given, said.append).name == expected
    stays = expected == DEFAULT_MODEL and not given
    assert len(said) == stays
    assert all("has versions of the portfolio Prêts auto already" in line for line in said)


def test_a_deleted_version_keeps_nobody(
    store: MlflowClient, tmp_path: Path, portfolio: Portfolio
) -> None:
    register(store, tmp_path, DEFAULT_MODEL, portfolio.name)
    store.delete_model_version(DEFAULT_MODEL, "1")
    assert registry_of(portfolio, "", print).name == "prets-auto"


@pytest.mark.parametrize("name", ["融資", "!", " "])
def test_a_portfolio_whose_name_gives_none(portfolio: Portfolio, name: str) -> None:
    with pytest.raises(InputError, match=r"gives no name .*: set \[portfolio\] model"):
        registry_of(replace(portfolio, name=name), "", print)
    assert registry_of(replace(portfolio, name=name), "mine", print).name == "mine"


@pytest.mark.parametrize("name", ["", "a b", "a/1", "a:b", "a@champion", "-a", "it's", "a\n"])
def test_a_name_that_no_uri_can_hold(name: str) -> None:
    with pytest.raises(InputError, match="model must be made of letters, digits, dots") as caught:
        open_registry(name)
    assert "\n" not in str(caught.value)


def test_commands_name_the_model_unless_it_is_the_default() -> None:
    assert open_registry("cars").option == " -P model=cars"
    assert open_registry("cars").serve_command == "MODEL_URI=models:/cars@champion make serve"
    default = Registry(DEFAULT_MODEL)
    assert (default.option, default.serve_command) == ("", "make serve")


def test_the_shipped_portfolios() -> None:
    root = Path(__file__).parents[3] / "portfolios"
    names = {
        folder: registry_of(load_portfolio(root / folder / "portfolio.toml"), "", print).name
        for folder in ("sba", "taiwan", "home_credit")
    }
    assert names == {"sba": DEFAULT_MODEL, "taiwan": "taiwan", "home_credit": "home_credit"}
