"""The model in deploy/models on made-up lesions that it has never seen: its masks mean something, more clicks
make them better, and the fine looks that its file asks for help small lesions."""

import json

import pytest

from conftest import HERE, call

MODELS = HERE.parents[2] / "deploy/models"
MODEL = MODELS / "sgpsam-lesions.safetensors"


@pytest.fixture(scope="module")
def calibrated(tmp_path_factory):
    return tmp_path_factory.mktemp("calibrated") / "model.safetensors"


@pytest.fixture(scope="module")
def dice(calibrated):
    """{spacing: {clicks: {size: mean Dice}}} of 16 test cases; "" is what a request gets that names no spacing."""
    def evaluate(*spacing):
        return json.loads(call("evaluate", "--model", MODEL, "--cases", 16,
                               "--generated-seed", 3, "--json", *spacing))["dice"]
    return {"": evaluate("--calibrate", calibrated), "1.5": evaluate("--spacing", 1.5)}


def test_one_click_finds_lesions(dice):
    assert dice[""]["1"]["ge10mm"] > 0.75    # a ball around the click has 0.3
    assert dice[""]["1"]["5to10mm"] > 0.68


def test_five_clicks_beat_one(dice):
    for size in ("5to10mm", "ge10mm"):
        assert dice[""]["5"][size] > dice[""]["1"][size] + 0.02


def test_fine_looks_are_the_default_and_help_small_lesions(dice):
    for size in ("lt5mm", "5to10mm"):
        assert dice[""]["1"][size] > dice["1.5"]["1"][size] + 0.05


def test_calibrated_on_lesions_it_says_what_other_masks_are_worth(dice, calibrated):
    tenths = json.loads(call("evaluate", "--model", calibrated, "--cases", 6, "--generated-seed", 8,
                             "--json"))["confidence"]
    many = [tenth for tenth in tenths if tenth["masks"] >= 10]
    assert sum(tenth["masks"] for tenth in many) >= 40
    for tenth in many:
        assert tenth["said"] == pytest.approx(tenth["dice"], abs=0.1)


@pytest.fixture(scope="module")
def large_lesions(tmp_path_factory):
    folder = tmp_path_factory.mktemp("large") / "cases"
    call("synthesize", "--seed", 13, "--format", "nnunet", "--cases", 6, "--lesions", 1, "--diameter", 58,
         "--out", folder)
    return folder


def test_following_large_lesions_over_the_border_helps(large_lesions):
    def dice_of(patches):   # lesions of some 58 mm in patches of 48 mm
        return json.loads(call("evaluate", "--model", MODEL, "--data", large_lesions,
                               "--spacing", 1.0, "--max-patches", patches, "--json"))["dice"]
    one, several = dice_of(1), dice_of(8)
    for clicks in ("1", "3", "5"):
        assert several[clicks]["ge10mm"] > one[clicks]["ge10mm"] + 0.02, clicks


def test_what_ships_is_small():
    assert sum(path.stat().st_size for path in MODELS.glob("*.safetensors")) <= 20e6
