"""import and export: checkpoints of every kind that PyTorch writes are read bit for bit, and PyTorch reads ours.

The files are made and read by the real PyTorch of build/deps/torch (real_torch.py).
"""

import argparse
import json
import os
import pickle
import resource
import signal
import subprocess
import zipfile

import numpy
import pytest

from conftest import BIN, FAILED, HERE, call

TRAINER = HERE / "data/tiny_trainer.pth"   # by PyTorch, with AdamW's state; its weights are make-seeded --seed 5
QUERY, KEY = (f"mask_decoder.transformer.layers.0.self_attn.{part}_proj.weight" for part in "qk")   # both [24,24]
LAYOUTS = {"since-1.6": True, "before-1.6": False}


@pytest.fixture(scope="module")
def weights(torch, tiny):
    """The plain model's tensors."""
    from safetensors.torch import load_file
    return {name: tensor for name, tensor in load_file(tiny).items() if not name.startswith("sgpm.")}


@pytest.fixture(params=LAYOUTS)
def save(torch, request):
    """torch.save in either layout."""
    def write(value, path, **options):
        torch.save(value, path, _use_new_zipfile_serialization=LAYOUTS[request.param], **options)
        assert zipfile.is_zipfile(path) == LAYOUTS[request.param]
    return write


def network(torch, weights):
    """Modules inside modules, whose state dict has these names."""
    root = torch.nn.Module()
    for name, tensor in weights.items():
        *path, leaf = name.split(".")
        owner = root
        for part in path:
            if not hasattr(owner, part):
                owner.add_module(part, torch.nn.Module())
            owner = getattr(owner, part)
        owner.register_parameter(leaf, torch.nn.Parameter(tensor))
    return root


def trainer(state):
    """The top dict of SAM-Med3D's train.py."""
    moments = {key: next(iter(state.values())).detach().clone() for key in ("exp_avg", "exp_avg_sq")}
    return {"epoch": 3, "model_state_dict": state, "losses": [1.0, numpy.float64(0.25)], "best_dice": 0.5,
            "optimizer_state_dict": {"state": {0: moments}, "param_groups": [{"lr": 8e-4, "params": [0]}]},
            "args": argparse.Namespace(task_name="test", lr=8e-4, multi_click=False, resume=None)}


def imported(path, *options):
    from safetensors.torch import load_file
    call("import", path, "--config", "tiny", *options, "--out", path.with_name("out.safetensors"))
    return load_file(path.with_name("out.safetensors"))


def assert_same(torch, actual, expected):
    assert actual.keys() == expected.keys()
    for name, tensor in expected.items():
        assert actual[name].dtype == tensor.dtype, name
        assert actual[name].shape == tensor.shape, name
        assert torch.equal(actual[name].contiguous().view(torch.uint8), tensor.contiguous().view(torch.uint8)), name


def config_of(path):
    return json.loads(call("info", path, "--json"))["config"]


def floats(state):
    return {name: tensor.float() for name, tensor in state.items()}


# Import: every kind of file.

def test_a_trainers_checkpoint_is_imported(torch, weights, save, tmp_path):
    save(trainer(network(torch, weights).state_dict()), tmp_path / "in.pth")
    assert_same(torch, imported(tmp_path / "in.pth", "--no-sgpm"), weights)


def test_a_trainers_checkpoint_with_its_optimizer_gets_fresh_modules(torch, tiny, weights, tmp_path):
    os.symlink(TRAINER, tmp_path / "in.pth")
    merged = imported(tmp_path / "in.pth")
    assert_same(torch, {name: merged[name] for name in weights}, weights)
    assert len(merged) > len(weights)
    assert not merged["sgpm.1.up.weight"].any()


@pytest.mark.parametrize("where", ["state_dict", None])
def test_a_state_dict_is_found_under_other_keys_and_bare(torch, weights, save, tmp_path, where):
    save({where: weights} if where else weights, tmp_path / "in.pth")
    assert_same(torch, imported(tmp_path / "in.pth", "--no-sgpm"), weights)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
def test_every_floating_point_type_becomes_float32_to_the_bit(torch, weights, save, tmp_path, dtype):
    stored = {name: tensor.to(getattr(torch, dtype)) for name, tensor in weights.items()}
    save({"model_state_dict": stored}, tmp_path / "in.pth")
    assert_same(torch, imported(tmp_path / "in.pth", "--no-sgpm"), floats(stored))


def test_names_of_dataparallel_lose_their_prefix(torch, weights, save, tmp_path):
    state = torch.nn.DataParallel(network(torch, weights)).state_dict()
    assert all(name.startswith("module.") for name in state)
    save({"model_state_dict": state}, tmp_path / "in.pth")
    assert_same(torch, imported(tmp_path / "in.pth", "--no-sgpm"), weights)


def test_box_corners_are_recognised(torch, weights, save, tmp_path):
    corners = {f"prompt_encoder.point_embeddings.{i}.weight": torch.full((1, 24), float(i)) for i in (2, 3)}
    save({"model_state_dict": {**weights, **corners}}, tmp_path / "in.pth")
    assert_same(torch, imported(tmp_path / "in.pth", "--no-sgpm"), {**weights, **corners})
    assert config_of(tmp_path / "out.safetensors")["point_embeddings"] == 4


VIEWS = {
    "transposed": lambda torch: (torch.randn(24, 24).t(), torch.randn(24, 24)),
    "strided": lambda torch: (torch.randn(48, 72)[::2, 1::3], torch.randn(24, 25)[:, 1:]),
    "expanded": lambda torch: (torch.randn(1, 24).expand(24, 24), torch.randn(()).expand(24, 24)),
    "of one storage": lambda torch: (lambda all: (all[3:27], all[10:34].t()))(torch.randn(40, 24)),
    "the same": lambda torch: (lambda one: (one, one))(torch.nn.Parameter(torch.randn(24, 24))),
}


@pytest.mark.parametrize("view", VIEWS)
def test_views_of_storages_are_put_in_order(torch, weights, save, tmp_path, view):
    torch.manual_seed(1)
    query, key = VIEWS[view](torch)
    state = {**weights, QUERY: query, KEY: key}
    save({"model_state_dict": state}, tmp_path / "in.pth")
    assert_same(torch, imported(tmp_path / "in.pth", "--no-sgpm"), floats(state))


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_every_pickle_protocol_is_read(torch, weights, save, tmp_path, protocol):
    save(trainer(weights), tmp_path / "in.pth", pickle_protocol=protocol)
    assert_same(torch, imported(tmp_path / "in.pth", "--no-sgpm"), weights)


def test_storages_of_other_types_are_passed_by(torch, weights, save, tmp_path):
    others = [torch.get_rng_state(), torch.tensor([True]), torch.tensor([1j]), torch.zeros(3, dtype=torch.int16),
              torch.zeros(0), torch.arange(5)]
    save({"others": others, "model_state_dict": weights}, tmp_path / "in.pth")
    assert_same(torch, imported(tmp_path / "in.pth", "--no-sgpm"), weights)


# Import: bad files.

def refused(path):
    """The message, having seen that nothing was written."""
    before = sorted(os.listdir(path.parent))
    message = call("import", path, "--config", "tiny", "--out", path.with_name("out.safetensors"), code=FAILED)
    assert str(path) in message
    assert sorted(os.listdir(path.parent)) == before
    return message


def test_a_hostile_pickle_is_not_executed(weights, save, tmp_path):
    class Hostile:
        def __reduce__(self):
            return os.system, (f"touch {tmp_path}/executed",)

    save({"model_state_dict": weights, "hook": Hostile()}, tmp_path / "in.pth")
    call("import", tmp_path / "in.pth", "--config", "tiny", "--out", tmp_path / "out.safetensors")
    assert not (tmp_path / "executed").exists()
    pickle.loads(pickle.dumps(Hostile()))   # it would have worked
    assert (tmp_path / "executed").exists()


def test_wrong_tensors_are_listed_together(torch, weights, save, tmp_path):
    state = {**weights, "surplus": torch.zeros(3)}
    del state["mask_decoder.iou_token.weight"]
    state["image_encoder.pos_embed"] = state["image_encoder.pos_embed"][..., :8]
    save({"model_state_dict": state}, tmp_path / "in.pth")
    message = refused(tmp_path / "in.pth")
    assert "missing: mask_decoder.iou_token.weight [1,24]" in message
    assert "image_encoder.pos_embed [1,8,8,8,8] instead of [1,8,8,8,16]" in message
    assert "unexpected: surplus [3]" in message


def test_values_that_are_not_finite_are_refused_by_name(torch, weights, save, tmp_path):
    save({"model_state_dict": {**weights, QUERY: torch.full((24, 24), torch.nan)}}, tmp_path / "in.pth")
    assert f"tensor {QUERY} holds NaN or infinite values" in refused(tmp_path / "in.pth")


def test_a_whole_network_is_no_state_dict(torch, save, tmp_path):
    save(torch.nn.Linear(2, 3), tmp_path / "in.pth")
    assert "holds no dict, so no state dict either" in refused(tmp_path / "in.pth")


def test_truncated_checkpoints_are_refused(weights, save, tmp_path):
    save(trainer(weights), tmp_path / "whole.pth")
    whole = (tmp_path / "whole.pth").read_bytes()
    for size in (0, 1, 3, 15, 100, len(whole) // 2, len(whole) - 1):
        (tmp_path / "in.pth").write_bytes(whole[:size])
        refused(tmp_path / "in.pth")


def test_damaged_and_foreign_files_are_refused(tmp_path):
    whole = TRAINER.read_bytes()
    (tmp_path / "in.pth").write_bytes(whole[:100_000] + b"\1" + whole[100_001:])
    assert "does not have its checksum" in refused(tmp_path / "in.pth")
    (tmp_path / "in.pth").write_bytes(b"hello")
    assert "neither a zip file nor a pickle" in refused(tmp_path / "in.pth")
    (tmp_path / "in.pth").write_bytes(pickle.dumps({"a": 1}, protocol=2))
    assert "is a pickle, but not one of torch.save" in refused(tmp_path / "in.pth")
    with zipfile.ZipFile(TRAINER) as stored, zipfile.ZipFile(tmp_path / "in.pth", "w", zipfile.ZIP_DEFLATED) as packed:
        for name in stored.namelist():
            packed.writestr(name, stored.read(name))
    assert "zip -0" in refused(tmp_path / "in.pth")


# Export: PyTorch reads it, and so does the import.

@pytest.fixture(scope="module")
def trained(torch, tiny, tmp_path_factory):
    """A model file whose modules are no longer fresh."""
    import safetensors
    from safetensors.torch import load_file, save_file
    torch.manual_seed(1)
    tensors = {name: torch.randn(tensor.shape) if name.startswith("sgpm.") else tensor
               for name, tensor in load_file(tiny).items()}
    path = tmp_path_factory.mktemp("trained") / "model.safetensors"
    with safetensors.safe_open(tiny, "pt") as file:
        save_file(tensors, path, file.metadata())
    return path


@pytest.mark.parametrize("weights_only", [True, False])
@pytest.mark.parametrize("mmap", [True, False])
def test_pytorch_loads_the_network_strictly_and_finds_the_modules(torch, trained, tmp_path, weights_only, mmap):
    from safetensors.torch import load_file
    call("export", trained, "--out", tmp_path / "out.pth")
    top = torch.load(tmp_path / "out.pth", weights_only=weights_only, mmap=mmap)
    assert list(top) == ["model_state_dict", "sgpm_state_dict", "sgpsam_config"]
    expected = load_file(trained)
    plain = {name: tensor for name, tensor in expected.items() if not name.startswith("sgpm.")}
    model = network(torch, {name: torch.zeros_like(tensor) for name, tensor in plain.items()})
    model.load_state_dict(top["model_state_dict"], strict=True)
    assert_same(torch, model.state_dict(), plain)
    assert_same(torch, {**top["model_state_dict"], **top["sgpm_state_dict"]}, expected)


def test_the_network_has_the_order_of_the_references_state_dict(torch, trained, golden, tmp_path):
    call("export", trained, "--out", tmp_path / "out.pth")
    names = list(torch.load(tmp_path / "out.pth")["model_state_dict"])
    lines = (golden / "tensors.tsv").read_text().splitlines()
    rows = [line.split("\t")[0] for line in lines if line[:1] not in ("", "#")]
    assert names == [name for name in rows if name in set(names)]


@pytest.mark.parametrize("precision, dtype", [("fp32", "float32"), ("fp16", "float16"), ("bf16", "bfloat16")])
def test_precision_rounds_as_pytorch_does(torch, trained, tmp_path, precision, dtype):
    from safetensors.torch import load_file
    call("export", trained, "--precision", precision, "--out", tmp_path / "out.pth")
    top = torch.load(tmp_path / "out.pth")
    expected = {name: tensor.to(getattr(torch, dtype)) for name, tensor in load_file(trained).items()}
    assert_same(torch, {**top["model_state_dict"], **top["sgpm_state_dict"]}, expected)
    assert_same(torch, imported(tmp_path / "out.pth"), floats(expected))


def test_a_merged_file_comes_back_with_its_modules_and_configuration(torch, trained, tmp_path):
    from safetensors.torch import load_file
    call("export", trained, "--out", tmp_path / "out.pth")
    call("import", tmp_path / "out.pth", "--out", tmp_path / "out.safetensors")   # it needs no --config
    assert_same(torch, load_file(tmp_path / "out.safetensors"), load_file(trained))
    assert config_of(tmp_path / "out.safetensors") == config_of(trained)


def test_a_merged_file_can_be_renamed_and_stripped_on_import(torch, weights, trained, tmp_path):
    call("export", trained, "--out", tmp_path / "out.pth")
    assert_same(torch, imported(tmp_path / "out.pth", "--no-sgpm", "--name", "other", "--model-version", "7"), weights)
    config = config_of(tmp_path / "out.safetensors")
    assert (config["name"], config["version"], config["sgpm"]["blocks"]) == ("other", "7", [])


def test_a_merged_file_survives_pytorchs_own_saving(torch, trained, save, tmp_path):
    from safetensors.torch import load_file
    call("export", trained, "--out", tmp_path / "out.pth")
    save(torch.load(tmp_path / "out.pth"), tmp_path / "again.pth")
    assert_same(torch, imported(tmp_path / "again.pth"), load_file(trained))


def test_zip_tools_find_no_fault(trained, tmp_path):
    call("export", trained, "--out", tmp_path / "out.pth")
    with zipfile.ZipFile(tmp_path / "out.pth") as archive:
        assert archive.testzip() is None
        assert archive.read("archive/byteorder") == b"little"
        assert archive.read("archive/version") == b"3\n"
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}


def test_a_model_whose_metadata_contradicts_its_tensors_is_refused(tiny, tmp_path):
    (tmp_path / "in.safetensors").write_bytes(tiny.read_bytes().replace(rb'\"depth\":4', rb'\"depth\":5'))
    model = tmp_path / "in.safetensors"
    for command in (["export", model, "--out", tmp_path / "out.pth"], ["info", model],
                    ["run", "--model", model, "--patch", model, "--click", "64,64,64:+", "--out", tmp_path / "out"]):
        message = call(*command, code=FAILED)
        assert str(model) in message
        assert "missing: image_encoder.blocks.4.norm1.weight [16]" in message
    assert os.listdir(tmp_path) == ["in.safetensors"]


# A full disk.

@pytest.mark.parametrize("command", ["import", "export"])
def test_a_full_disk_leaves_the_previous_file(trained, tmp_path, command):
    def fill_the_disk():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    (tmp_path / "out").write_text("the previous one")
    source = [TRAINER, "--config", "tiny"] if command == "import" else [trained]
    done = subprocess.run([BIN / "sgpsam-model", command, *source, "--out", tmp_path / "out"], capture_output=True,
                          text=True, preexec_fn=fill_the_disk, restore_signals=False, timeout=250)
    assert done.returncode == FAILED
    assert f"cannot write {tmp_path}/out" in done.stderr
    assert (tmp_path / "out").read_text() == "the previous one"
    assert os.listdir(tmp_path) == ["out"]
