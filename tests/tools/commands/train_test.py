"""train: a model learns from a folder of cases, goes on after kill -9 as if nothing had happened, and says
what is wrong with data, options, states and disks."""

import contextlib
import csv
import json
import os
import resource
import signal
import subprocess
import time

import nibabel
import numpy
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from conftest import BIN, FAILED, USAGE, call

AFFINE = numpy.diag([-1.5, -1.5, 1.5, 1])
SIDE = 24
CASES = [f"case_{n}" for n in range(8)]
ONE_CORE = ["--device", "cpu", "--threads", "1"]


def train(*arguments, **keywords):
    """Runs `sgpsam-model train` on one core, where the same seed gives the same bits; what it printed and how it ended."""
    return subprocess.run([BIN / "sgpsam-model", "train", *map(str, arguments), *ONE_CORE], capture_output=True,
                          text=True, timeout=250, check=False, **keywords)


def refused(*arguments, **keywords):
    done = train(*arguments, **keywords)
    assert done.returncode == FAILED, done.stdout + done.stderr
    return done.stderr


def trained(*arguments):
    done = train(*arguments)
    assert done.returncode == 0, done.stderr
    return done


@pytest.fixture(scope="session")
def small(tiny, tmp_path_factory):
    """The tiny model with patches of 16 voxels in tokens of 4, which learns in milliseconds."""
    tensors = load_file(tiny)
    tensors["image_encoder.patch_embed.proj.weight"] = tensors["image_encoder.patch_embed.proj.weight"][..., :4, :4, :4]
    tensors["image_encoder.pos_embed"] = tensors["image_encoder.pos_embed"][:, :4, :4, :4]
    for name, array in tensors.items():
        if ".attn.rel_pos_" in name and len(array) == 15:   # of a global block, 2 x grid - 1
            tensors[name] = array[:7]
    with safe_open(tiny, "numpy") as file:
        config = json.loads(file.metadata()["sgpsam_config"])
    config.update(name="sgpsam-small", patch=16, token=4)
    path = tmp_path_factory.mktemp("small") / "small.safetensors"
    save_file({name: numpy.ascontiguousarray(array) for name, array in tensors.items()}, path,
              {"sgpsam_config": json.dumps(config)})
    return path


def save(path, array, affine=AFFINE):
    nibabel.save(nibabel.Nifti1Image(array, affine), path)


def write_case(folder, case, seed):
    """A bright ball in noise."""
    random = numpy.random.default_rng(seed)
    centre = random.uniform(9, 15, 3)
    label = (numpy.linalg.norm(numpy.indices((SIDE,) * 3).T - centre, axis=-1).T <= random.uniform(3, 4.5))
    image = random.normal(200, 30, (SIDE,) * 3) + 150 * label
    save(folder / "imagesTr" / f"{case}_0000.nii.gz", image.astype(numpy.int16))
    save(folder / "labelsTr" / f"{case}.nii.gz", label.astype(numpy.uint8))


@pytest.fixture
def folder(tmp_path):
    """A data set of nnU-Net's layout, two of its eight cases to validate on."""
    data = tmp_path / "data"
    (data / "imagesTr").mkdir(parents=True)
    (data / "labelsTr").mkdir()
    (data / "dataset.json").write_text(json.dumps({
        "channel_names": {"0": "CT"}, "labels": {"background": 0, "lesion": 1, "cyst": 2},
        "numTraining": len(CASES), "file_ending": ".nii.gz"}))
    (data / "splits_final.json").write_text(json.dumps([{"train": CASES[:6], "val": CASES[6:]}]))
    for seed, case in enumerate(CASES):
        write_case(data, case, seed)
    return data


@pytest.fixture
def place(tmp_path):
    """Where models are written to, and nothing else is."""
    path = tmp_path / "out"
    path.mkdir()
    return path


def arguments(small, folder, place, steps=12, *more):
    return ["--model", small, "--data", folder, "--label", "lesion", "--out", place / "model", "--steps", steps,
            "--batch", 2, "--clicks", 2, "--warm-up", 2, "--lr", 0.005, "--save-every", 4, "--validate-every", 6,
            "--validation-samples", 4, *more]


def lines(place, kind):
    with open(place / "model.csv", newline="", encoding="ascii") as file:
        return [line for line in csv.DictReader(file) if line["kind"] == kind]


def contents(place):
    return {name: (place / name).read_bytes() for name in sorted(os.listdir(place))}


# What a training leaves


def test_a_training_writes_a_model_and_its_log(small, folder, place):
    done = trained(*arguments(small, folder, place))
    assert set(os.listdir(place)) - {"model.last"} == {"model", "model.csv", "model.state"}
    wrote, memory = done.stdout.splitlines()[-1].split("; the most memory at once was ")
    assert wrote == f"wrote {place}/model" and 50 < int(memory.removesuffix(" MiB")) < 2000
    assert "left" in done.stdout    # how long it will take
    steps = lines(place, "step")
    assert [int(line["step"]) for line in steps] == list(range(1, 13))
    assert all(len(line["dice_by_click"].split()) == 2 for line in steps)
    assert all(len(line["opening_by_module"].split()) == 2 for line in steps)
    for kind, values in (("validation", 2), ("lesions", 3)):
        assert [(line["step"], line["set"]) for line in lines(place, kind)] == [("6", "data"), ("12", "data")]
        assert all(len(line["dice_by_click"].split()) == values for line in lines(place, kind))


def test_the_model_says_how_fine_the_patches_were(small, folder, place):
    for finest, said in ((0.75, 0.75), (1.5, None)):
        trained(*arguments(small, folder, place, 1, "--spacing", finest, 1.6, "--first-spacing", 1.25))
        config = json.loads(call("info", place / "model", "--json"))["config"]
        assert config.get("finest_spacing_mm") == said and config["first_spacing_mm"] == 1.25
        (place / "model.state").unlink()


def config_of(path):
    return json.loads(call("info", path, "--json"))["config"]


def test_a_trained_model_has_a_name_of_its_own(small, folder, place):
    command = arguments(small, folder, place, 1)
    command[command.index("--out") + 1] = place / "liver-lesions.safetensors"
    trained(*command)
    config = config_of(place / "liver-lesions.safetensors")
    assert (config["name"], config["version"]) == ("liver-lesions", "1")
    trained(*arguments(small, folder, place, 1, "--name", "mine", "--version", "2.1"))
    assert (config_of(place / "model")["name"], config_of(place / "model")["version"]) == ("mine", "2.1")


def test_a_trained_model_looks_as_the_one_before_unless_told(small, folder, place, tmp_path):
    with safe_open(small, "numpy") as file:
        config = json.loads(file.metadata()["sgpsam_config"])
    config.update(finest_spacing_mm=0.75, first_spacing_mm=1.25)
    fine = tmp_path / "fine.safetensors"
    save_file(load_file(small), fine, {"sgpsam_config": json.dumps(config)})
    assert "looked at" not in trained(*arguments(fine, folder, place, 1)).stdout
    config = config_of(place / "model")
    assert (config["finest_spacing_mm"], config["first_spacing_mm"]) == (0.75, 1.25)
    with safe_open(place / "model.state", "numpy") as state:
        assert json.loads(state.metadata()["sgpsam_training_recipe"])["spacing_mm"] == [0.75, 1.5]
    (place / "model.state").unlink()
    told = trained(*arguments(fine, folder, place, 1, "--spacing", 1.5, 1.5)).stdout
    assert "looked at patches of first 1.25 mm, finest 0.75 mm, coarsest 1.5 mm; the trained " \
        "one will at first 1.25 mm, finest 1.5 mm, coarsest 1.5 mm" in told
    assert "finest_spacing_mm" not in config_of(place / "model")


@pytest.mark.parametrize("options", [["--lr", 0.5], ["--validate-every", 12]])    # the best is not, and is, the last
def test_the_best_state_is_the_model_and_the_last_is_kept(small, folder, place, options):
    command = arguments(small, folder, place, 12)
    for option, value in zip(options[::2], options[1::2]):
        command[command.index(option) + 1] = value
    command[command.index("--validate-every") + 1] = 3 if "--lr" in options else 12
    trained(*command)
    dice = {int(line["step"]): [float(value) for value in line["dice_by_click"].split()] for line in lines(place, "lesions")}
    scores = {step: (values[0] + values[-1]) / 2 for step, values in dice.items()}
    with safe_open(place / "model", "numpy") as file:
        best = json.loads(file.metadata()["sgpsam_training_best"])
    assert best["score"] == pytest.approx(max(scores.values()), abs=1e-4)
    assert scores[best["step"]] == max(scores.values())
    assert (place / "model.last").exists() == (best["step"] != 12) and not (place / "model.best").exists()
    if best["step"] != 12:
        best_weights, last_weights = load_file(place / "model"), load_file(place / "model.last")
        assert any(not numpy.array_equal(best_weights[name], last_weights[name]) for name in best_weights)
    # What was measured is what is served.
    report = json.loads(call("evaluate", "--model", place / "model", "--data", folder, "--label", "lesion", "--only",
                             ",".join(CASES[6:]), "--precision", "fp32", "--device", "cpu", "--threads", 1, "--json"))
    served = [report["dice"][clicks]["all"] for clicks in "135"]
    assert served == pytest.approx(dice[best["step"]], abs=1e-3)


def test_only_the_chosen_parts_are_trained(small, folder, place):
    trained(*arguments(small, folder, place, 4, "--train", "sgpm,mask_decoder"))
    before, after = load_file(small), load_file(place / "model")
    assert before.keys() == after.keys()
    changed = {name.split(".")[0] for name in before if not numpy.array_equal(before[name], after[name])}
    assert changed == {"sgpm", "mask_decoder"}


def test_the_same_seed_trains_the_same_model(small, folder, tmp_path):
    models = []
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        (tmp_path / name).mkdir()
        trained(*arguments(small, folder, tmp_path / name, 4, "--seed", seed))
        models.append((tmp_path / name / "model").read_bytes())
    assert models[0] == models[1] != models[2]


def test_the_decathlons_layout_is_trained_on_too(small, folder, place):
    (folder / "dataset.json").write_text(json.dumps({
        "modality": {"0": "CT"}, "labels": {"0": "background", "1": "lesion"},
        "training": [{"image": f"./imagesTr/{case}_0000.nii.gz", "label": f"./labelsTr/{case}.nii.gz"}
                     for case in CASES]}))
    (folder / "splits_final.json").unlink()
    trained(*arguments(small, folder, place, 2, "--validation-fraction", 0.4))
    assert len(lines(place, "step")) == 2


def test_all_cases_can_be_trained_on_without_a_validation(small, folder, place):
    (folder / "splits_final.json").unlink()
    trained(*arguments(small, folder, place, 6, "--validation-fraction", 0))
    assert len(lines(place, "step")) == 6
    assert lines(place, "validation") == []


# Several sets


@pytest.fixture
def other_folder(tmp_path):
    """The same patients in another modality, and one more; the split is drawn from their names."""
    data = tmp_path / "pet"
    (data / "imagesTr").mkdir(parents=True)
    (data / "labelsTr").mkdir()
    cases = CASES + ["case_99"]
    (data / "dataset.json").write_text(json.dumps({
        "channel_names": {"0": "PET"}, "labels": {"background": 0, "tumour": 1}, "numTraining": len(cases),
        "file_ending": ".nii.gz"}))
    for seed, case in enumerate(cases):
        write_case(data, case, 20 + seed)
    return data


def mixed(small, folder, other_folder, place, *more):
    command = arguments(small, folder, place, 6, *more)
    del command[command.index("--data"):command.index("--out")]
    return [*command, "--data", f"{folder}:label=lesion,weight=2", "--data", f"{other_folder}:name=suv,modality=PT",
            "--generated", 2, "--generated-weight", 0.5, "--validation-cases", 1]


def test_several_sets_are_trained_on_at_once(small, folder, other_folder, place):
    (folder / "splits_final.json").unlink()
    assert "18 cases at hand" not in trained(*mixed(small, folder, other_folder, place)).stdout   # some are validated on
    assert len(lines(place, "step")) == 6
    before = contents(place)
    command = mixed(small, folder, other_folder, place)
    command[command.index(f"{folder}:label=lesion,weight=2")] = f"{folder}:label=lesion,weight=3"
    assert "other options" in refused(*command)
    assert contents(place) == before


def test_a_patient_is_on_one_side_in_all_sets(small, folder, other_folder, place):
    (other_folder / "splits_final.json").write_text(json.dumps([{"train": CASES[1:6], "val": CASES[:1]}]))
    message = refused(*mixed(small, folder, other_folder, place))
    assert '"case_0" is trained on in data and validated on in suv' in message
    assert os.listdir(place) == []


def test_nobody_learns_from_those_who_are_held_out(small, folder, other_folder, place, tmp_path):
    (folder / "splits_final.json").unlink()
    held_out = tmp_path / "held_out.txt"
    held_out.write_text("# a test set\n" + "\n".join(CASES[:5]) + "\nsomebody_else\n")
    for case in CASES[:5]:    # whoever reads them says so
        for data in (folder, other_folder):
            (data / "imagesTr" / f"{case}_0000.nii.gz").write_text("no image")
    done = trained(*mixed(small, folder, other_folder, place, "--hold-out", held_out))
    assert warnings(done) == []
    assert "1 of its 6 names" in done.stderr
    assert "no case has such a name" in refused(*mixed(small, folder, other_folder, place, "--hold-out", "nobody,noone"))
    missing = tmp_path / "missing.txt"
    assert str(missing) in refused(*mixed(small, folder, other_folder, place, "--hold-out", missing))


def test_a_set_that_is_written_wrongly_is_named(small, folder, place):
    for keys, reason in (("wieght=2", "wieght"), ("weight=0", "above 0"), ("weight=x", "above 0"), ("modality=ct", "CT"),
                         ("label=", "no value"), ("label=1,label=2", "twice"), ("name=a b", "letters")):
        command = arguments(small, folder, place)
        command[command.index("--data") + 1] = f"{folder}:{keys}"
        message = refused(*command)
        assert f"--data {folder}:{keys}" in message and reason in message
    assert "is called" in refused(*arguments(small, folder, place), "--data", folder)
    assert os.listdir(place) == []


# Crops


def test_crops_are_written_once_and_train_as_whole_cases_do(small, folder, place, tmp_path):
    cache = tmp_path / "cache"
    command = arguments(small, folder, place, 4, "--cache", cache)
    trained(*command)
    assert len(list(cache.glob("*.json"))) == 6    # not of those that are validated on
    cropped = lines(place, "step")
    (place / "model.state").unlink()
    for path in (folder / "imagesTr").iterdir():    # unreadable from now on, and not known to be
        status = path.stat()
        if path.name.removesuffix("_0000.nii.gz") in CASES[:6]:
            path.write_bytes(bytes(status.st_size))
            os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert warnings(trained(*command)) == []
    assert lines(place, "step") == cropped
    os.utime(folder / "imagesTr" / f"{CASES[0]}_0000.nii.gz")    # now it is known
    (place / "model.state").unlink()
    assert CASES[0] in warnings(trained(*command))[0]


def test_a_large_set_trains_in_little_memory(small, tmp_path, place):
    """Six volumes of 34 MB each and their targets, of which a tenth of a GiB holds one; their crops all fit."""
    data = tmp_path / "large"
    (data / "imagesTr").mkdir(parents=True)
    (data / "labelsTr").mkdir()
    cases = [f"case_{n}" for n in range(6)]
    (data / "dataset.json").write_text(json.dumps({
        "channel_names": {"0": "CT"}, "labels": {"background": 0, "lesion": 1}, "numTraining": 6,
        "file_ending": ".nii.gz"}))
    for seed, case in enumerate(cases):
        random = numpy.random.default_rng(seed)
        image = numpy.full((256, 256, 256), 200, numpy.int16)
        label = numpy.zeros(image.shape, numpy.uint8)
        label[100:108, 120:128, 90:98] = 1
        image[60:150, 80:170, 50:140] += random.integers(-30, 30, (90, 90, 90), numpy.int16)
        image[label > 0] += 150
        save(data / "imagesTr" / f"{case}_0000.nii.gz", image)
        save(data / "labelsTr" / f"{case}.nii.gz", label)
    command = ["--model", small, "--data", data, "--out", place / "model", "--steps", 2, "--batch", 2, "--clicks", 1,
               "--validation-fraction", 0, "--memory", 0.1]

    def peak(*more):
        done = trained(*command, *more)
        (place / "model.state").unlink()
        return int(done.stdout.splitlines()[-1].split("at once was ")[1].removesuffix(" MiB"))
    whole = peak()
    peak("--cache", tmp_path / "cache")
    assert peak("--cache", tmp_path / "cache") < whole - 60    # not even one whole volume was in memory


def test_lesions_are_painted_into_images_and_the_encoder_is_adapted(small, folder, place):
    trained(*arguments(small, folder, place, 3))
    plain = lines(place, "step")
    (place / "model.state").unlink()
    command = arguments(small, folder, place, 3, "--paint", 0.6, "--lora", 2)
    trained(*command)
    assert [line["dice_by_click"] for line in lines(place, "step")] != [line["dice_by_click"] for line in plain]
    before, after = load_file(small), load_file(place / "model")
    assert before.keys() == after.keys()
    name = "image_encoder.blocks.0.mlp.lin1.weight"
    assert not numpy.array_equal(before[name], after[name])
    assert numpy.array_equal(before["image_encoder.pos_embed"], after["image_encoder.pos_embed"])
    assert "lora was 2 and is null" in refused(*arguments(small, folder, place, 3, "--paint", 0.6))
    assert "not with it" in refused(*arguments(small, folder, place, 3, "--lora", 2, "--train", "image_encoder"))


# kill -9


def killed(*command):
    """Starts a training and kills it as soon as it has written a new state; True if it was still at work."""
    out = command[command.index("--out") + 1]
    state = out.with_name(out.name + ".state")
    before = state.stat().st_ino if state.exists() else None
    with subprocess.Popen([BIN / "sgpsam-model", "train", *map(str, command), *ONE_CORE],
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        while process.poll() is None and (not state.exists() or state.stat().st_ino == before):
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
        process.wait(60)
        return process.returncode == -signal.SIGKILL


def test_a_killed_training_goes_on_and_ends_as_if_it_had_not_been_killed(small, folder, tmp_path):
    for name in ("whole", "killed"):
        (tmp_path / name).mkdir()
    trained(*arguments(small, folder, tmp_path / "whole", 60))
    command = arguments(small, folder, tmp_path / "killed", 60)
    for _ in range(3):
        assert killed(*command), "it was faster than the signal"
        assert not (tmp_path / "killed/model").exists()
    done = trained(*command)
    assert "going on after step " in done.stdout
    for name in ("model", "model.csv", "model.state"):
        assert (tmp_path / "killed" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes(), name


def test_the_fold_to_train_on_can_be_chosen(small, folder, place):
    command = arguments(small, folder, place, 2, "--fold", 1)
    assert "has 1 folds" in refused(*command)
    (folder / "splits_final.json").write_text(json.dumps([{"train": ["nobody"], "val": []},
                                                          {"train": CASES[2:], "val": CASES[:2]}]))
    trained(*command)


def test_a_model_is_either_read_or_named(small, folder, place):
    for other in (["--config", "tiny"], ["--no-sgpm"]):
        call("train", *arguments(small, folder, place), *other, code=USAGE)
    assert contents(place) == {}


def test_a_finished_training_is_not_trained_further(small, folder, place):
    command = arguments(small, folder, place, 4)
    trained(*command)
    before = contents(place)
    assert "going on after step 4" in trained(*command).stdout
    assert contents(place) == before


# States


@pytest.mark.parametrize("changed", [
    ["--lr", "0.004"], ["--seed", "2"], ["--loss", "dice-ce"], ["--gamma", "1"], ["--gate", "always"],
    ["--gate-budget", "0.25"], ["--train", "sgpm"], ["--jitter", "1"], ["--validation-fraction", "0.3"]])
def test_the_state_of_other_options_is_refused(small, folder, place, changed):
    trained(*arguments(small, folder, place, 4))
    before = contents(place)
    command = arguments(small, folder, place, 4)
    if changed[0] in command:
        command[command.index(changed[0]) + 1] = changed[1]
    else:
        command += changed
    message = refused(*command)
    assert f"{place}/model.state" in message
    assert "other options" in message and " was " in message
    assert contents(place) == before


def test_a_training_can_be_told_to_go_on_for_longer(small, folder, place):
    trained(*arguments(small, folder, place, 4, "--gate-warm-up", 1))
    assert "going on after step 4" in trained(*arguments(small, folder, place, 8, "--gate-warm-up", 1)).stdout
    steps = lines(place, "step")
    assert [int(line["step"]) for line in steps] == list(range(1, 9))
    rates = [float(line["learning_rate"]) for line in steps]
    assert rates[3] < rates[4]    # the schedule of eight steps, which at its fifth is higher than that of four at its last
    with safe_open(place / "model.state", "numpy") as state:
        assert json.loads(state.metadata()["sgpsam_training_recipe"])["steps"] == 8


def test_the_state_of_other_first_weights_is_refused(small, folder, place, tmp_path):
    model = tmp_path / "first.safetensors"
    model.write_bytes(small.read_bytes())
    trained(*arguments(model, folder, place, 4))
    tensors = load_file(model)
    tensors["image_encoder.pos_embed"] += 1   # frozen: the state does not hold it
    with safe_open(small, "numpy") as file:
        save_file(tensors, model, file.metadata())
    assert "other options" in refused(*arguments(model, folder, place, 4))


def test_the_state_of_other_cases_is_refused(small, folder, place):
    trained(*arguments(small, folder, place, 4))
    (folder / "splits_final.json").write_text(json.dumps([{"train": CASES[1:7], "val": [CASES[0], CASES[7]]}]))
    assert "other options" in refused(*arguments(small, folder, place, 4))


def test_a_damaged_state_is_refused_and_left_where_it_is(small, folder, place):
    trained(*arguments(small, folder, place, 4))
    state = place / "model.state"
    whole = state.read_bytes()
    for damaged in (whole[:len(whole) // 2], b"", small.read_bytes()):
        state.write_bytes(damaged)
        before = contents(place)
        assert str(state) in refused(*arguments(small, folder, place, 4))
        assert contents(place) == before


# Data that cannot be trained on


def warnings(done):
    return [line for line in done.stderr.splitlines() if "passed over" in line]


def break_grid(folder, case):
    save(folder / "labelsTr" / f"{case}.nii.gz", numpy.ones((SIDE, SIDE, SIDE - 1), numpy.uint8))
    return f"labelsTr/{case}.nii.gz", "its grid is not the image's"


def move_label(folder, case):
    affine = AFFINE.copy()
    affine[0, 3] = 40
    save(folder / "labelsTr" / f"{case}.nii.gz", numpy.ones((SIDE,) * 3, numpy.uint8), affine)
    return f"labelsTr/{case}.nii.gz", "origin"


def put_nan(folder, case):
    image = numpy.full((SIDE,) * 3, 100, numpy.float32)
    image[3, 4, 5] = numpy.nan
    save(folder / "imagesTr" / f"{case}_0000.nii.gz", image)
    return f"imagesTr/{case}_0000.nii.gz", "voxel 3 4 5 is not a finite number"


def empty_label(folder, case):
    save(folder / "labelsTr" / f"{case}.nii.gz", numpy.zeros((SIDE,) * 3, numpy.uint8))
    return f"labelsTr/{case}.nii.gz", 'label "lesion" occurs nowhere'


def truncate(folder, case):
    path = folder / "imagesTr" / f"{case}_0000.nii.gz"
    path.write_bytes(path.read_bytes()[:1000])
    return f"imagesTr/{case}_0000.nii.gz", ""


def remove(folder, case):
    (folder / "labelsTr" / f"{case}.nii.gz").unlink()
    return f"labelsTr/{case}.nii.gz", ""


BREAKS = [break_grid, move_label, put_nan, empty_label, truncate, remove]


@pytest.mark.parametrize("broken", BREAKS)
def test_a_broken_case_is_named_once_and_passed_over(small, folder, place, broken):
    name, reason = broken(folder, CASES[2])
    done = trained(*arguments(small, folder, place, 6))
    found = warnings(done)
    assert len(found) == 1, done.stderr
    assert name in found[0] and reason in found[0]


@pytest.mark.parametrize("broken", BREAKS)
def test_a_folder_of_broken_cases_is_refused_with_the_name_of_one(small, folder, place, broken):
    expected = [broken(folder, case) for case in CASES]
    last = refused(*arguments(small, folder, place)).splitlines()[-1]
    assert any(name in last and reason in last for name, reason in expected), last
    assert os.listdir(place) == []


def test_a_training_goes_on_where_it_cannot_be_validated(small, folder, place):
    for case in CASES[6:]:
        empty_label(folder, case)
    done = trained(*arguments(small, folder, place))
    assert "not validated: " in done.stderr and "labelsTr" in done.stderr
    assert len(lines(place, "step")) == 12
    assert lines(place, "validation") == []


def test_a_label_that_the_data_set_lacks_is_refused(small, folder, place):
    command = arguments(small, folder, place)
    command[command.index("lesion")] = "tumour"
    message = refused(*command)
    assert f"{folder}/dataset.json" in message
    assert "lesion" in message and "cyst" in message   # those that it has
    assert os.listdir(place) == []


def test_a_folder_without_cases_is_refused(small, folder, place):
    for path in [*(folder / "imagesTr").iterdir(), *(folder / "labelsTr").iterdir()]:
        path.unlink()
    assert str(folder) in refused(*arguments(small, folder, place))
    (folder / "dataset.json").unlink()
    assert f"{folder}/dataset.json" in refused(*arguments(small, folder, place))
    assert os.listdir(place) == []


def test_a_data_set_must_be_named(small, place):
    assert "--data" in refused("--model", small, "--out", place / "model")


# Places and options


def test_an_impossible_place_is_named_before_anything_is_trained(small, folder, place):
    command = arguments(small, folder, place / "no")
    assert f"{place}/no/model" in refused(*command)
    (place / "model").mkdir()
    assert f"{place}/model" in refused(*arguments(small, folder, place))
    assert os.listdir(place) == ["model"]


def test_an_option_out_of_range_is_named(small, folder, place):
    for option, value in (("--gamma", -1), ("--jitter", 65), ("--noise", "nan"), ("--gate-budget", 2)):
        assert option in refused(*arguments(small, folder, place, 4, option, value))
    assert os.listdir(place) == []


def test_a_device_that_is_not_there_is_named(small, folder, place):
    command = ["train", *arguments(small, folder, place), "--device"]
    assert "auto, cpu or cuda:N" in call(*command, "gpu", code=FAILED)
    message = call(*command, "cuda:63", code=FAILED)
    assert "cuda:63" in message or "NVIDIA" in message or "libtorch_cuda" in message
    assert os.listdir(place) == []


def test_no_model_is_trained_that_is_none(folder, place, tmp_path):
    (tmp_path / "essay").write_text("about something else")
    assert str(tmp_path / "essay") in refused(*arguments(tmp_path / "essay", folder, place))
    assert str(tmp_path / "none") in refused(*arguments(tmp_path / "none", folder, place))
    assert os.listdir(place) == []


# A full disk


def check_previous_state(command, place, run):
    """A state is there; then a run for which the next state does not fit any more fails and leaves it."""
    assert killed(*command)
    before = (place / "model.state").read_bytes()
    message = run()
    assert f"{place}/model.state" in message
    assert (place / "model.state").read_bytes() == before
    assert set(os.listdir(place)) <= {"model.csv", "model.state"}   # nothing half-written
    return message


def test_a_file_that_may_not_grow_leaves_the_previous_state(small, folder, place):
    command = arguments(small, folder, place, 60, "--validate-lesions", 0)

    def run():
        most = (place / "model.state").stat().st_size // 2
        # Python ignores the signal of a file that grows too large; so does the child, unless it is restored.
        return refused(*command, restore_signals=False,
                       preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most)))

    assert "File too large" in check_previous_state(command, place, run)
    trained(*command)   # and the training goes on where there is room again


def test_no_state_is_ahead_of_its_log(small, folder, place):
    (place / "model.csv").mkdir()   # cannot be replaced
    assert f"{place}/model.csv" in refused(*arguments(small, folder, place, 4, "--validate-lesions", 0))
    assert os.listdir(place) == ["model.csv"]


@contextlib.contextmanager
def small_disk(path, size):
    path.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", path], capture_output=True, text=True,
                          check=False) if os.geteuid() == 0 else None
    if done is None or done.returncode != 0:
        pytest.skip("a small disk is mounted by root only")
    try:
        yield
    finally:
        subprocess.run(["umount", path], check=True)


def test_a_full_disk_leaves_the_previous_state(small, folder, place, tmp_path):
    trained(*arguments(small, folder, place, 4, "--validate-lesions", 0))
    size = (place / "model.state").stat().st_size
    disk = tmp_path / "disk"
    with small_disk(disk, size * 2 + 200_000):   # room for two states and the log
        command = arguments(small, folder, disk, 60, "--validate-lesions", 0)

        def run():
            (disk / "ballast").write_bytes(bytes(size))
            try:
                return refused(*command)
            finally:
                (disk / "ballast").unlink()

        assert "No space left" in check_previous_state(command, disk, run)
        trained(*command)


# Evaluation on a folder


def test_a_lesion_that_cannot_be_seen_does_not_end_an_evaluation(small, folder, tmp_path):
    image = numpy.full((SIDE,) * 3, -500, numpy.int16)    # nothing above 0: refused, as a server would
    image[::2] -= 100
    save(folder / "imagesTr" / f"{CASES[3]}_0000.nii.gz", image)
    table = call("evaluate", "--model", small, "--data", folder, "--label", "lesion", "--csv", tmp_path / "out.csv")
    assert "8 lesions of 8 cases" in table
    assert "5 clicks in 1 lesions" in table and "1 lesions have no mask after 5 clicks" in table
    with open(tmp_path / "out.csv", newline="", encoding="ascii") as file:
        dice = {line["case"]: line["dice_5"] for line in csv.DictReader(file)}
    assert sorted(dice) == CASES and dice[CASES[3]] == "" and all(dice[case] for case in CASES if case != CASES[3])


def test_an_evaluation_knows_first_that_its_scores_cannot_be_written(small, folder, tmp_path):
    message = call("evaluate", "--model", small, "--data", folder, "--csv", tmp_path / "none" / "out.csv", code=FAILED)
    assert f"{tmp_path}/none/out.csv" in message
    for spacing in ("0", "-1", "nan", "9"):
        assert "0.25 to 3 mm" in call("evaluate", "--model", small, "--data", folder, "--spacing", spacing, code=FAILED)


# Evaluations that go on, and of several sets


def evaluated(small, folder, *more):
    return call("evaluate", "--model", small, "--data", f"{folder}:label=lesion,name=balls", "--device", "cpu", *more)


def read_scores(path):
    with open(path, newline="", encoding="ascii") as file:
        return list(csv.DictReader(file))


def test_an_evaluation_goes_on_after_the_last_whole_case(small, folder, tmp_path):
    whole, cut = tmp_path / "whole.csv", tmp_path / "cut.csv"
    table = evaluated(small, folder, "--csv", whole)
    text = whole.read_bytes()
    ends = [n + 2 for n in range(len(text)) if text[n:n + 2] == b"\r\n"]
    for size in (ends[0], ends[3] + 5, len(text)):
        cut.write_bytes(text[:size])
        done = subprocess.run([BIN / "sgpsam-model", "evaluate", "--model", small, "--device", "cpu", "--data",
                               f"{folder}:label=lesion,name=balls", "--csv", cut],
                              capture_output=True, text=True, timeout=100, check=True)
        assert done.stdout == table
        assert cut.read_bytes() == text
        again = sum(line.startswith("balls/") for line in done.stderr.splitlines())
        assert again == 8 - max(0, sum(end <= size for end in ends) - 1)   # cases that were there were not computed


def test_the_scores_of_another_evaluation_are_refused(small, folder, tmp_path):
    path = tmp_path / "scores.csv"
    evaluated(small, folder, "--csv", path)
    before = path.read_bytes()
    for other in (["--max-patches", 1], ["--only", CASES[0]], ["--precision", "bf16"]):
        message = call("evaluate", "--model", small, "--data", f"{folder}:label=lesion,name=balls", "--device", "cpu",
                       "--csv", path, *other, code=FAILED)
        assert str(path) in message and "another evaluation" in message, other
        assert path.read_bytes() == before


def test_jobs_change_no_score(small, folder, tmp_path):
    tables = [evaluated(small, folder, "--csv", tmp_path / f"{jobs}.csv", "--jobs", jobs) for jobs in (1, 3)]
    assert tables[0] == tables[1]
    # What was expected of a mask is a sum of floats, and jobs have fewer threads to sum them on.
    for one, other in zip(*(read_scores(tmp_path / f"{jobs}.csv") for jobs in (1, 3)), strict=True):
        for click in (1, 3, 5):
            name = f"expected_{click}"
            assert float(one.pop(name)) == pytest.approx(float(other.pop(name)), abs=1e-4)
        assert one == other


def test_few_masks_calibrate_no_model(small, folder, tmp_path):
    message = call("evaluate", "--model", small, "--data", f"{folder}:label=lesion,name=balls", "--device", "cpu",
                   "--calibrate", tmp_path / "none.safetensors", code=FAILED)
    assert "24 masks" in message and not (tmp_path / "none.safetensors").exists()


def test_each_set_has_a_table_and_lines_of_its_own(small, folder, other_folder, tmp_path):
    sets = ["--data", f"{folder}:label=lesion,name=balls", "--data", other_folder]
    table = call("evaluate", "--model", small, *sets, "--device", "cpu", "--csv", tmp_path / "scores.csv")
    assert "balls: 8 lesions of 8 cases" in table and "pet: 9 lesions of 9 cases" in table
    reports = [json.loads(line) for line in
               call("evaluate", "--model", small, *sets, "--device", "cpu", "--json").strip().splitlines() if line]
    assert [report["set"] for report in reports] == ["balls", "pet"]
    scores = read_scores(tmp_path / "scores.csv")
    assert [line["set"] for line in scores] == ["balls"] * 8 + ["pet"] * 9
    for report in reports:
        mine = [float(line["dice_1"]) for line in scores if line["set"] == report["set"]]
        assert report["dice"]["1"]["all"] == pytest.approx(sum(mine) / len(mine), abs=1e-9)


def test_only_the_cases_of_a_list_are_evaluated(small, folder, tmp_path):
    held_out = tmp_path / "held_out.txt"
    held_out.write_text(f"{CASES[5]}\n# and\n{CASES[2]}\nnobody\n")
    evaluated(small, folder, "--only", held_out, "--csv", tmp_path / "some.csv")
    evaluated(small, folder, "--csv", tmp_path / "all.csv", "--clicks", "centre")
    some, every = read_scores(tmp_path / "some.csv"), read_scores(tmp_path / "all.csv")
    assert [line["case"] for line in some] == [CASES[2], CASES[5]]
    for line in some:
        same = next(other for other in every if other["case"] == line["case"])
        assert {**line, "run": ""} == {**same, "run": ""}
    call("evaluate", "--model", small, "--data", f"{folder}:label=lesion", "--cases", 1, "--only", CASES[2], "--csv",
         tmp_path / "both.csv")
    both = read_scores(tmp_path / "both.csv")
    assert [line["case"] for line in both if line["set"] != "generated"] == [CASES[2]]
    assert any(line["set"] == "generated" for line in both)   # made-up cases have no such names
    assert "names no case of balls" in call("evaluate", "--model", small, "--data", f"{folder}:label=lesion,name=balls",
                                            "--only", "nobody", code=FAILED)


def test_the_best_ball_stands_beside_the_scores(small, folder, tmp_path):
    """Against balls drawn here, around the clicks that the CSV names."""
    report = json.loads(evaluated(small, folder, "--json", "--csv", tmp_path / "scores.csv"))
    best = {}
    for radius in [n / 2 for n in range(2, 20)] + list(range(10, 61)):
        dice = []
        for line in read_scores(tmp_path / "scores.csv"):
            truth = numpy.asarray(nibabel.load(folder / "labelsTr" / f"{line['case']}.nii.gz").dataobj) > 0
            click = numpy.array([int(line[axis]) for axis in "ijk"])
            assert truth[tuple(click)]
            ball = 1.5 * numpy.linalg.norm(numpy.indices(truth.shape).T - click, axis=-1).T <= radius
            dice.append(2 * (ball & truth).sum() / (ball.sum() + truth.sum()))
        best[radius] = sum(dice) / len(dice)
    radius = max(best, key=best.get)
    assert report["ball"]["radius_mm"] == radius
    assert report["ball"]["dice"]["all"] == pytest.approx(best[radius], abs=1e-3)
