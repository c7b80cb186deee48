"""Recipes as files, and what is refused."""

from dataclasses import fields

import pytest

from dfd import recipe
from dfd.errors import InputError
from dfd.recipe import Recipe


def test_every_profile_has_one():
    assert recipe.load("sample") == Recipe()
    assert recipe.load("dfdc", seed=7).seed == 7


def test_an_epoch_draws_no_more_faces_than_there_are():
    dfdc = recipe.load("dfdc")
    assert dfdc.faces == 40_000
    assert recipe.epoch_faces(dfdc, there=300) == 300
    assert recipe.epoch_faces(dfdc, there=301) == 300
    assert recipe.epoch_faces(dfdc, there=1_500_000) == 40_000
    assert recipe.epoch_faces(dfdc, there=1) == 2
    assert recipe.epoch_faces(Recipe(), there=3_000) == Recipe().faces


def test_a_file_may_set_some_fields(tmp_path):
    file = tmp_path / "own.toml"
    file.write_text("name = 'own'\nlearning_rate = 1\nseed = 3\n")
    assert recipe.load(file, seed=7) == Recipe(name="own", learning_rate=1, seed=3)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("epochs = 0", "epochs is 0; it must lie from 1"),
        ("epochs = 2.5", "epochs is 2.5; it must be of type int"),
        ("epochs = true", "must be of type int"),
        ("batch = 7", "must be even"),
        ("head = 'tanh'", "there are softmax, sigmoid"),
        ("augmentation = 'all'", "there are report, none"),
        ("momentum = 0.9", "momentum is no field of a recipe"),
        ("epochs 3", "not TOML"),
        ("name = '../x'", "name is '../x'"),
    ],
)
def test_senseless_recipes_name_file_and_field(tmp_path, text, reason):
    file = tmp_path / "own.toml"
    file.write_text(text)
    with pytest.raises(InputError, match=f"own.toml.*{reason}"):
        recipe.load(file)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="no recipe that can be read"):
        recipe.load(tmp_path / "own.toml")


def test_ranges_are_of_fields():
    assert {name for name, _, _ in recipe.RANGES} <= {field.name for field in fields(Recipe)}
