"""The Python package against the real server."""

import io

import masks
import nibabel
import numpy
import pydicom
import pytest


@pytest.fixture(scope="module")
def client(sdk, server):
    with sdk.Client(server.grpc) as connected:
        yield connected


def block(offset=0):
    """An array with something in it; another offset, another digest."""
    array = numpy.zeros((60, 96, 128), numpy.int16)
    array[20:40, 30:60, 50:80] = numpy.arange(30) + 100 + offset
    return array


def in_block(sdk, **more):
    return sdk.Target([sdk.Click.voxel(64, 45, 30)], **more)


def test_an_array_gives_a_mask_of_its_shape(sdk, client):
    volume = sdk.Volume.from_array(block(), (1.0, 1.0, 2.5), origin=(-10, 20, 30))
    result = client.segment(volume, in_block(sdk))
    assert result.mask.shape == (60, 96, 128) and result.mask.dtype == bool
    assert result.mask.sum() == result.targets[0].voxels > 0
    assert result.targets[0].volume_ml == pytest.approx(result.mask.sum() * 2.5 / 1000)
    in_mm = client.segment(volume, sdk.Target([sdk.Click.patient(-10 + 64, 20 + 45, 30 + 30 * 2.5)]))
    numpy.testing.assert_array_equal(in_mm.mask, result.mask)


def test_axes_and_direction_are_what_the_server_takes_them_for(sdk, client):
    straight = client.segment(sdk.Volume.from_array(block(1), (1.0, 1.0, 2.5)), in_block(sdk)).mask
    flipped = sdk.Volume.from_array(numpy.ascontiguousarray(block(1)[::-1]), (1.0, 1.0, 2.5),
                                    origin=(0, 0, 59 * 2.5), direction=(1, 0, 0, 0, 1, 0, 0, 0, -1))
    mirrored = client.segment(flipped, sdk.Target([sdk.Click.voxel(64, 45, 29)])).mask
    numpy.testing.assert_array_equal(mirrored[::-1], straight)


def test_a_folder_gives_the_mask_that_the_command_line_wrote(sdk, client, segment, ct, tmp_path):
    target = sdk.Target([sdk.Click.patient(*map(float, ct.click.split(",")))])
    segment(ct.folder, tmp_path / "m.nii.gz", "--point", ct.click)
    mask = client.segment(ct.folder, target).mask
    numpy.testing.assert_array_equal(mask, masks.labels_from_nifti(tmp_path / "m.nii.gz") == 1)
    numpy.testing.assert_array_equal(client.segment(ct.nifti, target).mask, mask)
    seg = client.segment(ct.folder, target, output="seg").file
    numpy.testing.assert_array_equal(masks.from_seg(io.BytesIO(seg), masks.sources_in_order(ct.folder)), mask)


def test_overlapping_targets_of_a_file_stay_whole(sdk, client, ct):
    target = sdk.Target([sdk.Click.patient(*map(float, ct.click.split(",")))])
    for path in (ct.folder, ct.nifti):
        result = client.segment(path, [target, target], probabilities=True)
        one, two = result.targets
        assert one.mask.sum() == two.mask.sum() == one.voxels > 0
        assert one.mask.shape == one.probabilities.shape == result.shape
        numpy.testing.assert_array_equal(one.mask, two.mask)


def test_tells_where_the_voxels_lie(sdk, client):
    volume = sdk.Volume.from_array(block(), (1.0, 1.0, 2.5), origin=(-10, 20, 30))
    result = client.segment(volume, in_block(sdk))
    numpy.testing.assert_allclose(result.voxel_to_lps, [[1, 0, 0, -10], [0, 1, 0, 20], [0, 0, 2.5, 30]])
    assert result.shape == (60, 96, 128)


def test_a_volume_is_sent_once(sdk, client, server):
    volume = sdk.Volume.from_array(block(2), (1.0, 1.0, 2.5))
    assert client.segment(volume, in_block(sdk)).uploaded_bytes == volume.size_bytes
    received = server.metric("sgpsam_received_bytes_total")
    same = sdk.Volume.from_array(block(2), (1.0, 1.0, 2.5))
    again = client.segment(same, in_block(sdk))
    assert again.uploaded_bytes == 0 and again.targets[0].embedding_cached
    assert server.metric("sgpsam_received_bytes_total") == received


def test_refines_by_digest_or_by_samples_alike(sdk, client):
    volume = sdk.Volume.from_array(block(), (1.0, 1.0, 2.5))
    previous = client.segment(volume, in_block(sdk)).targets[0].previous
    unknown = sdk.PreviousLogits(bytes(32), previous.samples)
    clicks = [sdk.Click.voxel(64, 45, 30), sdk.Click.voxel(100, 80, 30, positive=False)]
    by_digest, by_samples, inline = (
        client.segment(volume, sdk.Target(clicks, previous=way))
        for way in (previous, unknown, sdk.PreviousLogits(b"", previous.samples)))
    assert by_digest.targets[0].previous.sha256 == by_samples.targets[0].previous.sha256
    assert by_digest.targets[0].previous.sha256 == inline.targets[0].previous.sha256
    assert by_digest.targets[0].previous.sha256 != client.segment(volume, sdk.Target(clicks)).targets[0].previous.sha256
    with pytest.raises(sdk.InvalidInput, match="no longer has the previous logits of target 1"):
        client.segment(volume, sdk.Target(clicks, previous=sdk.PreviousLogits(b"\1" * 32)))


def test_one_negative_click_is_enough_after_a_first_answer(sdk, client):
    volume = sdk.Volume.from_array(block(), (1.0, 1.0, 2.5))
    first = client.segment(volume, in_block(sdk), max_patches=1)   # where else is looked at depends on the logits
    target = first.targets[0]
    assert target.previous.patch.spacing_mm == target.spacing_mm and target.previous.patch.centre == (64, 45, 75)
    assert not first.empty and not target.empty
    beside = sdk.Click.voxel(100, 80, 30, positive=False)
    again = client.segment(volume, sdk.Target([beside], previous=target.previous), max_patches=1)
    assert again.targets[0].embedding_cached and again.uploaded_bytes == 0
    assert again.targets[0].previous.sha256 != target.previous.sha256
    with pytest.raises(sdk.InvalidInput, match="previous logits with the patch"):
        client.segment(volume, sdk.Target([beside], previous=sdk.PreviousLogits(target.previous.sha256)))


def test_says_what_became_of_a_box(sdk, client):
    volume = sdk.Volume.from_array(block(), (1.0, 1.0, 2.5))
    result = client.segment(volume, in_block(sdk, box=sdk.Box((50, 30, 20), (80, 60, 40), "voxel")))
    click, box = result.targets[0].prompts
    assert (click.kind, click.clicks, box.kind, box.number, box.clicks) == ("point", 1, "box", 1, 0)
    assert not box.box_corners and result.targets[0].confidence is None


def test_prompts_that_are_drawn_are_obeyed(sdk, client):
    volume = sdk.Volume.from_array(block(), (1.0, 1.0, 2.5))
    stroke = numpy.zeros(volume.shape, bool)
    stroke[30, 45, 60:70] = stroke[34, 50, 64] = True
    hole = numpy.ones((1, 2, 3), bool)
    target = sdk.Target(scribbles=[sdk.Scribble(stroke), sdk.Scribble(hole, False, first=(64, 44, 31))],
                        box=[sdk.Box((50, 30, 20), (80, 60, 40), "voxel"), sdk.Box((70, 50, 30), (75, 55, 34), "voxel", False)],
                        lines=sdk.Line((60, 45, 75), (70, 45, 75)))
    found = client.segment(volume, target).targets[0]
    assert found.mask[stroke].all()
    assert not found.mask[31, 44:46, 64:67].any() and not found.mask[30:35, 50:56, 70:76].any()
    assert [use.kind for use in found.prompts] == ["box", "box", "line", "scribble", "scribble"]
    assert 11 <= found.prompts[3].clicks <= 16 and found.enforced_prompts == sum(use.enforced for use in found.prompts)


def test_a_first_negative_click_finds_nothing(sdk, client):
    volume = sdk.Volume.from_array(block(), (1.0, 1.0, 2.5))
    click = sdk.Click.voxel(64, 45, 30, positive=False)
    nothing = client.segment(volume, sdk.Target(click), probabilities=True)
    assert nothing.empty and nothing.targets[0].patches == 0 and nothing.targets[0].previous.patch is None
    assert (nothing.targets[0].probabilities == 0).all()
    again = client.segment(volume, sdk.Target([click, sdk.Click.voxel(60, 45, 30)], previous=nothing.targets[0].previous))
    assert not again.empty


def test_a_mask_and_a_box_are_prompts_too(sdk, client):
    volume = sdk.Volume.from_array(block(), (1.0, 1.0, 2.5))
    by_mask = client.segment(volume, sdk.Target(mask=block() > 0))
    by_box = client.segment(volume, sdk.Target(box=sdk.Box((50, 30, 20), (80, 60, 40), "voxel")))
    assert by_mask.targets[0].voxels > 0 and by_box.mask.shape == by_mask.mask.shape


def test_a_transposed_mask_of_a_file_is_refused_by_the_server(sdk, client):
    """Of an array the package knows the shape, and refuses before anything is sent."""
    transposed = (block() > 0).transpose(2, 1, 0)
    file = nibabel.Nifti1Image(block().transpose(2, 1, 0), numpy.eye(4)).to_bytes()
    with pytest.raises(sdk.InvalidInput, match="60 x 96 x 128.*the volume's is 128 x 96 x 60"):
        client.segment(sdk.Volume.from_nifti(file), sdk.Target(mask=transposed))


def test_patches_and_spacing_are_the_callers_choice(sdk, client, ct):
    target = sdk.Target([sdk.Click.patient(*map(float, ct.click.split(",")))])
    one = client.segment(ct.folder, target, max_patches=1).targets[0]
    assert one.patches == 1 and one.spacing_mm == 1.5
    more = client.segment(ct.folder, target, max_patches=3).targets[0]
    assert 1 <= more.patches <= 3
    assert more.patches > 1 or more.previous.sha256 == one.previous.sha256   # what is found further on decides what is kept
    assert client.segment(ct.folder, target, max_patches=1, spacing=0.75).targets[0].spacing_mm == 0.75
    assert client.segment(ct.folder, target, max_patches=2, spacing="auto").targets[0].patches in (1, 2)
    with pytest.raises(sdk.InvalidInput, match="spacing_mm"):
        client.segment(ct.folder, target, spacing=4)


def test_several_targets_keep_their_order_label_and_code(sdk, client, ct):
    lymph = sdk.Code("59441001", "SCT", "Lymph node")
    targets = [sdk.Target([sdk.Click.voxel(60, 60, 30)], label="First"),
               sdk.Target([sdk.Click.voxel(70, 60, 30)], label="Second", type=lymph, colour=(0, 255, 0))]
    result = client.segment(ct.folder, targets, output="seg")
    seg = pydicom.dcmread(io.BytesIO(result.file))
    assert [segment.SegmentLabel for segment in seg.SegmentSequence] == ["First", "Second"]
    assert seg.SegmentSequence[1].SegmentedPropertyTypeCodeSequence[0].CodeValue == "59441001"
    assert len(result.targets) == 2


def test_repeated_results_belong_to_one_series(sdk, client, ct):
    target = sdk.Target([sdk.Click.patient(*map(float, ct.click.split(",")))])
    series = sdk.SegSeries(uid="1.2.826.0.1.3680043.8.498.77.6", description="Befund Müller", number=77,
                           instance_number=2, content_label="REVIEW", creator="Größer^Anna")
    seg = pydicom.dcmread(io.BytesIO(client.segment(ct.folder, target, output="seg", seg_series=series).file))
    assert (seg.SeriesInstanceUID, seg.SeriesDescription) == (series.uid, series.description)
    assert (int(seg.SeriesNumber), int(seg.InstanceNumber)) == (77, 2)
    assert (seg.ContentLabel, seg.ContentCreatorName) == ("REVIEW", "Größer^Anna")
    with pytest.raises(sdk.InvalidInput, match="seg_series"):
        client.segment(ct.folder, target, seg_series=series)


def test_probabilities_come_on_the_volumes_grid(sdk, client):
    result = client.segment(sdk.Volume.from_array(block(), (1.0, 1.0, 2.5)), in_block(sdk), probabilities=True)
    probabilities = result.targets[0].probabilities
    assert probabilities.shape == (60, 96, 128)
    assert 0 <= probabilities.min() and probabilities.max() <= 1
    assert (probabilities[result.mask] >= 0.5).all()


def test_uncertainty_comes_on_the_volumes_grid(sdk, client):
    result = client.segment(sdk.Volume.from_array(block(), (1.0, 1.0, 2.5)), in_block(sdk), uncertainty=True)
    uncertainty = result.targets[0].uncertainty
    assert uncertainty.shape == (60, 96, 128)
    assert 0 <= uncertainty.min() < uncertainty.max() <= 0.5
    assert result.targets[0].probabilities is None


def test_reports_progress_from_upload_to_download(sdk, client):
    seen = []
    volume = sdk.Volume.from_array(block(3), (1.0, 1.0, 2.5))
    client.segment(volume, in_block(sdk), progress=seen.append)
    uploads = [progress.bytes_done for progress in seen if progress.stage == "receive"]
    assert uploads == [1 << 20, volume.size_bytes]
    assert {"encode", "restore", "send"} <= {progress.stage for progress in seen}
    assert {(progress.patch, progress.patches) for progress in seen if progress.stage == "encode"} >= {(1, 8)}
    assert seen[-1].bytes_done == seen[-1].bytes_total


def test_errors_say_what_to_do(sdk, client):
    volume = sdk.Volume.from_array(block(), (1.0, 1.0, 2.5))
    with pytest.raises(sdk.InvalidInput, match="outside the volume") as refused:
        client.segment(volume, sdk.Target([sdk.Click.voxel(1, 2, 5000)]))
    assert refused.value.code == "INVALID_ARGUMENT"
    with pytest.raises(sdk.InvalidInput):
        client.segment(volume, in_block(sdk), output="seg")
    with pytest.raises(sdk.DeadlineExceeded):
        client.segment(sdk.Volume.from_array(block(4), (1.0, 1.0, 2.5)), in_block(sdk), timeout=0.02)
    with sdk.Client("127.0.0.1:1") as nobody, pytest.raises(sdk.Unavailable):
        nobody.describe_model()
    assert client.segment(volume, in_block(sdk)).targets[0].voxels > 0, "the next good request works"


def test_describes_the_model(client):
    description = client.describe_model(timeout=20)
    assert description.patch_voxels == (128, 128, 128) and description.devices == ("cpu",)
    assert description.logits_side == 32 and description.box_corner_embeddings == 0
