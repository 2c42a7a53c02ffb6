"""nnInteractive's own client, which 3D Slicer's and napari's plug-ins are made of, unmodified, against sgpsam-gateway and
sgpsam-server with the model that comes with the project. What it shows must be what our own client gets for the same
prompts, voxel for voxel; the volume's three axes differ in length and spacing, so that none can be taken for another."""

import concurrent.futures
import contextlib
import json
import re
import socket
import subprocess

import httpx
import numpy
import pytest
from conftest import BIN, ROOT, running_server
from gateway import running_gateway
from nnInteractive.inference.remote import remote_session
from nnInteractive.inference.remote.remote_session import nnInteractiveRemoteInferenceSession as Viewer

SPACING = (2.5, 1.25, 1.75)   # of the array's axes


@pytest.fixture(scope="module")
def server():
    with running_server(ROOT / "deploy/models/sgpsam-lesions.safetensors") as started:
        yield started


@pytest.fixture(scope="module")
def gateway(server):
    with running_gateway(server.grpc, "--max_sessions=4") as started:
        yield started


class Case:
    """An array x, y, z with one lesion; `centre` is a voxel of it, `truth` its mask."""

    def __init__(self, offset=0):
        grid = numpy.indices((48, 96, 80)).astype(float)
        self.centre = (20, 55, 33)
        away = numpy.sqrt(sum(((axis - at) * mm) ** 2 for axis, at, mm in zip(grid, self.centre, SPACING)))
        self.truth = away < 13
        noise = numpy.random.default_rng(offset).normal(0, 8, self.truth.shape)
        body = 100 + 40 * numpy.sin(grid[1] / 17) + 20 * numpy.cos(grid[2] / 11) * numpy.sin(grid[0] / 7)
        self.array = numpy.where(self.truth, body - 70, body) + noise
        self.array = (self.array + offset).astype(numpy.int16)


@pytest.fixture(scope="module")
def case():
    return Case()


class OurClient:
    """The same prompts by our own package: what is said of one object so far, and what the last answer knew."""

    def __init__(self, sdk, server, array, spacing=SPACING):
        self.sdk, self.volume = sdk, sdk.Volume.from_array(array, spacing[::-1])
        self.client = sdk.Client(server.grpc)
        self.prompts, self.previous = {"clicks": [], "box": [], "scribbles": []}, None

    def segment(self, **more):
        if self.previous is not None:
            more = {"previous": self.previous}
        result = self.client.segment(self.volume, self.sdk.Target(**self.prompts, **more))
        if result.targets[0].patches:
            self.previous = result.targets[0].previous
        return result.mask

    def click(self, xyz, positive=True):
        self.prompts["clicks"].append(self.sdk.Click.voxel(*xyz[::-1], positive=positive))
        return self.segment()

    def box(self, ranges, positive=True):
        first, last = [low for low, high in ranges], [high - 1 for low, high in ranges]
        self.prompts["box"].append(self.sdk.Box(first[::-1], last[::-1], "voxel", positive))
        return self.segment()

    def scribble(self, mask, positive=True):
        self.prompts["scribbles"].append(self.sdk.Scribble(mask.astype(bool), positive))
        return self.segment()


@pytest.fixture
def ours(sdk, server, case):
    return OurClient(sdk, server, case.array)


def open_image(viewer, array, spacing=SPACING):
    viewer.set_do_autozoom(True)
    viewer.set_image(array[numpy.newaxis], {"spacing": list(spacing)})
    viewer.set_target_buffer(numpy.zeros(array.shape, numpy.uint8))
    return viewer


@pytest.fixture
def viewer(gateway, case):
    with Viewer(gateway.url) as session:
        yield open_image(session, case.array)


def shown(viewer):
    assert set(numpy.unique(viewer.target_buffer)) <= {0, 1}
    return viewer.target_buffer.astype(bool)


def equal(viewer, mask):
    numpy.testing.assert_array_equal(shown(viewer), mask)


def dice(a, b):
    return 2 * (a & b).sum() / (a.sum() + b.sum())


def beside(case, *steps):
    return tuple(at + step for at, step in zip(case.centre, steps))


# --- prompts, one kind after the other


def test_a_click_marks_the_lesion_where_it_lies(viewer, ours, case):
    viewer.add_point_interaction(case.centre, include_interaction=True)
    assert dice(shown(viewer), case.truth) > 0.7
    equal(viewer, ours.click(case.centre))


def test_points_of_both_signs_add_up(viewer, ours, case):
    for step, positive in (((0, 0, 0), True), ((0, 9, 0), False), ((2, 0, -4), True)):
        viewer.add_point_interaction(beside(case, *step), include_interaction=positive)
        equal(viewer, ours.click(beside(case, *step), positive))
    assert not shown(viewer)[beside(case, 0, 9, 0)]


def test_the_first_point_may_be_negative(viewer, ours, case):
    viewer.add_point_interaction(beside(case, 0, 9, 0), include_interaction=False)
    assert not shown(viewer).any()
    ours.click(beside(case, 0, 9, 0), False)
    viewer.add_point_interaction(case.centre, include_interaction=True)
    equal(viewer, ours.click(case.centre))
    assert shown(viewer).any()


def around(case, *reach):
    return [[at - r, at + r + 1] for at, r in zip(case.centre, reach)]


@pytest.mark.parametrize("reach", [(0, 11, 8), (6, 11, 0), (6, 11, 8)], ids=["one slice", "another plane", "cuboid"])
def test_a_box_is_half_open_and_may_be_flat(viewer, ours, case, reach):
    viewer.add_bbox_interaction(around(case, *reach), include_interaction=True)
    equal(viewer, ours.box(around(case, *reach)))
    assert shown(viewer)[case.centre]


def test_a_negative_box_takes_out_what_lies_in_it(viewer, ours, case):
    viewer.add_point_interaction(case.centre, include_interaction=True)
    ours.click(case.centre)
    out = [[at + 2, at + 6] for at in case.centre]
    viewer.add_bbox_interaction(out, include_interaction=False)
    equal(viewer, ours.box(out, False))
    assert not shown(viewer)[tuple(slice(*ends) for ends in out)].any()


def stroke(case, length=5, shift=0):
    mask = numpy.zeros(case.array.shape, numpy.uint8)
    x, y, z = case.centre
    mask[x, y - length:y + length, z + shift:z + shift + 2] = 1
    return mask


def test_scribbles_and_lassos_of_both_signs(viewer, ours, case):
    viewer.add_scribble_interaction(stroke(case), include_interaction=True)
    equal(viewer, ours.scribble(stroke(case)))
    region = numpy.zeros(case.array.shape, numpy.uint8)
    x, y, z = case.centre
    region[x, y - 8:y - 2, z - 3:z + 3] = 1
    viewer.add_lasso_interaction(region, include_interaction=True)
    equal(viewer, ours.scribble(region))
    assert shown(viewer)[region == 1].all()
    viewer.add_lasso_interaction(stroke(case, 3, 12), include_interaction=False)
    equal(viewer, ours.scribble(stroke(case, 3, 12), False))


def test_a_scribble_may_come_as_a_part_of_the_image(viewer, ours, case):
    low, high = (18, 48, 30), (23, 61, 37)
    part = tuple(slice(a, b) for a, b in zip(low, high))
    viewer.add_scribble_interaction(stroke(case)[part], True, interaction_bbox=[list(ends) for ends in zip(low, high)])
    equal(viewer, ours.scribble(stroke(case)))


def test_any_number_of_scribbles_is_obeyed(viewer, case):
    said = numpy.zeros(case.array.shape, int)   # what was said last of each voxel
    for number in range(20):
        mark, positive = stroke(case, 2 + number % 4, number % 7), number % 3 != 2
        said[mark == 1] = 1 if positive else -1
        viewer.add_scribble_interaction(mark, include_interaction=positive)
    assert shown(viewer)[said == 1].all() and not shown(viewer)[said == -1].any()


def test_an_initial_segmentation_is_gone_on_from(viewer, ours, case):
    rough = numpy.roll(case.truth, 4, axis=1)
    viewer.add_point_interaction(case.centre, include_interaction=True)   # of the object before
    viewer.add_initial_seg_interaction(rough.astype(numpy.uint8))
    equal(viewer, rough)
    viewer.add_point_interaction(case.centre, include_interaction=True)
    ours.prompts["clicks"] = [ours.sdk.Click.voxel(*case.centre[::-1])]
    equal(viewer, ours.segment(mask=rough))
    viewer.add_point_interaction(beside(case, 0, 9, 0), include_interaction=False)
    equal(viewer, ours.click(beside(case, 0, 9, 0), False))
    viewer.add_initial_seg_interaction(rough.astype(numpy.uint8), run_prediction=True)
    ours.prompts, ours.previous = {}, None
    equal(viewer, ours.segment(mask=rough))


def test_prompts_may_wait_for_a_prediction(viewer, ours, case):
    viewer.add_point_interaction(case.centre, True, run_prediction=False)
    viewer.add_point_interaction(beside(case, 0, 9, 0), False, run_prediction=False)
    assert not shown(viewer).any()
    assert viewer._predict() is not None
    ours.prompts["clicks"] = [ours.sdk.Click.voxel(*case.centre[::-1])]
    equal(viewer, ours.click(beside(case, 0, 9, 0), False))
    assert viewer._predict() is None   # nothing waits


def test_one_step_goes_back_and_no_second(viewer, ours, case):
    viewer.add_point_interaction(case.centre, include_interaction=True)
    first = shown(viewer)
    viewer.add_point_interaction(beside(case, 0, 4, 0), include_interaction=False)
    assert (shown(viewer) != first).any()
    assert viewer.undo() is True
    equal(viewer, first)
    assert viewer.undo() is False
    ours.click(case.centre)
    viewer.add_point_interaction(beside(case, 2, 0, 0), include_interaction=True)   # the click that went back is forgotten
    equal(viewer, ours.click(beside(case, 2, 0, 0)))


def test_undo_takes_back_an_initial_segmentation(viewer, case):
    viewer.add_point_interaction(case.centre, include_interaction=True)
    first = shown(viewer)
    viewer.add_initial_seg_interaction(numpy.roll(case.truth, 4, axis=1).astype(numpy.uint8))
    assert viewer.undo() is True
    equal(viewer, first)


def test_a_reset_begins_the_next_object_on_the_same_image(viewer, sdk, server, case):
    viewer.add_point_interaction(case.centre, include_interaction=True)
    viewer.reset_interactions()
    assert not shown(viewer).any() and viewer.undo() is False
    viewer.add_point_interaction(beside(case, 1, 1, 1), include_interaction=True)
    equal(viewer, OurClient(sdk, server, case.array).click(beside(case, 1, 1, 1)))


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "uint16", "int32", "uint32", "float32", "float64"])
def test_images_of_every_type_are_taken(gateway, sdk, server, case, dtype):
    array = numpy.clip(case.array, 0, 127).astype(dtype)
    with Viewer(gateway.url) as viewer:
        open_image(viewer, array).add_point_interaction(case.centre, include_interaction=True)
        equal(viewer, OurClient(sdk, server, array).click(case.centre))


def test_spacing_is_passed_on_in_its_order_and_is_1_mm_if_missing(gateway, sdk, server, case):
    masks = {}
    for spacing in (SPACING, SPACING[::-1], (1, 1, 1)):
        with Viewer(gateway.url) as viewer:
            open_image(viewer, case.array, spacing).add_point_interaction(case.centre, include_interaction=True)
            masks[spacing] = shown(viewer)
            equal(viewer, OurClient(sdk, server, case.array, spacing).click(case.centre))
    assert (masks[SPACING] != masks[SPACING[::-1]]).any()
    with Viewer(gateway.url) as viewer:
        viewer.set_image(case.array[numpy.newaxis])
        viewer.set_target_buffer(numpy.zeros(case.array.shape, numpy.uint8))
        viewer.add_point_interaction(case.centre, include_interaction=True)
        equal(viewer, masks[1, 1, 1])


def test_the_buffer_may_be_of_another_type(viewer, ours, case):
    viewer.set_target_buffer(numpy.zeros(case.array.shape, bool))
    viewer.add_point_interaction(case.centre, include_interaction=True)
    equal(viewer, ours.click(case.centre))


def test_the_documents_script_works(gateway, case):
    page = (ROOT / "docs/viewers.md").read_text()
    script = re.search(r"^```python\n(.*?)^```$", page, re.DOTALL | re.MULTILINE).group(1)
    for text, here in (("http://127.0.0.1:1527", gateway.url), ("(30, 200, 180)", str(case.centre)), ("[2.5, 0.8, 0.8]", str(SPACING))):
        assert text in script
        script = script.replace(text, here)
    names = {"numpy": numpy, "image": case.array}
    exec(script, names)
    assert dice(names["session"].target_buffer.astype(bool), case.truth) > 0.7


# --- what travels


def test_an_image_is_uploaded_once_and_a_click_sends_kilobytes(gateway, server):
    case = Case(offset=1)   # that no other test has sent
    with Viewer(gateway.url) as viewer:
        before = server.metric("sgpsam_received_bytes_total")
        open_image(viewer, case.array)
        assert server.metric("sgpsam_received_bytes_total") - before == case.array.nbytes
        for step in range(3):
            viewer.add_point_interaction(beside(case, 0, step, 0), include_interaction=True)
        assert server.metric("sgpsam_received_bytes_total") - before == case.array.nbytes


def test_two_clients_work_at_the_same_time_on_their_own(gateway, sdk, server):
    cases = [Case(offset=2), Case(offset=3)]

    def work(case):
        with Viewer(gateway.url) as viewer:
            open_image(viewer, case.array)
            for step in range(3):
                viewer.add_point_interaction(beside(case, step, 0, 0), include_interaction=True)
            return shown(viewer)

    with concurrent.futures.ThreadPoolExecutor() as threads:
        masks = list(threads.map(work, cases))
    for case, mask in zip(cases, masks):
        ours = OurClient(sdk, server, case.array)
        expected = [ours.click(beside(case, step, 0, 0)) for step in range(3)][-1]
        numpy.testing.assert_array_equal(mask, expected)


# --- capabilities, refusals


def test_capabilities_are_what_viewers_ask_for(viewer):
    assert viewer.supported_interactions == {"points": True, "bbox2d": True, "bbox3d": True, "scribble": True, "lasso": True}
    assert viewer.supports_undo and viewer.supports_initial_label and len(viewer.preferred_scribble_thickness) == 3
    assert max(max(numpy.atleast_1d(channels)) for channels in viewer.channel_mapping.values()) < viewer.num_interaction_channels
    assert "model" in viewer.license and viewer.ping()
    assert viewer.heartbeat() > 0
    assert 0 < viewer.lease_status()["remaining_seconds"] <= viewer.idle_timeout_seconds == 600


def detail_of(error):
    return error.value.response.json()["detail"]


@pytest.mark.parametrize("call, words", [
    (lambda viewer: viewer.add_point_interaction((48, 0, 0), True), "outside of the image"),
    (lambda viewer: viewer.add_point_interaction((-1, 0, 0), True), "outside of the image"),
    (lambda viewer: viewer.add_bbox_interaction([[3, 3], [0, 5], [0, 5]], True), "below its end"),
    (lambda viewer: viewer.add_bbox_interaction([[48, 50], [0, 5], [0, 5]], True), "outside of the image"),
    (lambda viewer: viewer.add_scribble_interaction(numpy.zeros((48, 96, 80), numpy.uint8), True), "marks no voxel"),
    (lambda viewer: viewer.add_scribble_interaction(numpy.ones((48, 80, 96), numpy.uint8), True), "shape"),
    (lambda viewer: viewer.add_scribble_interaction(numpy.ones((2, 2, 2), numpy.uint8), True,
                                                    interaction_bbox=[[47, 49], [0, 2], [0, 2]]), "in the image"),
    (lambda viewer: viewer.add_initial_seg_interaction(numpy.ones((48, 96, 80), numpy.int16)), "bool or uint8"),
    (lambda viewer: viewer.set_target_buffer(numpy.zeros((48, 80, 96), numpy.uint8)), "the image's shape"),
    (lambda viewer: viewer.set_image(numpy.zeros((2, 8, 8, 8), numpy.int16)), "one channel"),
    (lambda viewer: viewer.set_image(numpy.zeros((1, 8, 8, 8), numpy.int64)), "int32 or float64"),
    (lambda viewer: viewer.set_image(numpy.zeros((1, 8, 8, 8), numpy.float16)), "float32"),
    (lambda viewer: viewer.set_image(numpy.zeros((1, 8, 8, 8), numpy.int16), {"spacing": [1, 0, 1]}), "spacing"),
    (lambda viewer: viewer.set_image(numpy.zeros((1, 8, 8, 8), numpy.int16), {"spacing": "wide"}), "spacing"),
    (lambda viewer: viewer._post_json("/add_point_interaction", {"coordinates": [1, 2], "include_interaction": True}), "coordinates"),
    (lambda viewer: viewer._post_json("/add_point_interaction", {"coordinates": [1, 2, 3]}), "include_interaction"),
])
def test_what_is_wrong_is_said_to_the_user_and_changes_nothing(viewer, case, call, words):
    viewer.add_point_interaction(case.centre, include_interaction=True)
    before = viewer.target_buffer.copy()
    with pytest.raises(httpx.HTTPStatusError) as error:
        call(viewer)
    assert error.value.response.status_code == 400 and words in detail_of(error)
    viewer.target_buffer = before
    assert viewer.undo() is True   # the click before is still the last
    assert not shown(viewer).any()


POINT, BOX, MASK = "/add_point_interaction", "/add_bbox_interaction", "/add_scribble_interaction"
SIGN = '"include_interaction": true'


@pytest.mark.parametrize("path, body, meta", [
    (POINT, "", None), (POINT, "{", None), (POINT, "[]", None), (POINT, "7", None), (POINT, "\0", None), (POINT, "[" * 60000, None),
    (POINT, '{"coordinates": [1, 2, 3], "coordinates": [1, 2, 3], %s}' % SIGN, None),
    (POINT, '{"coordinates": [1, 2, NaN], %s}' % SIGN, None), (POINT, '{"coordinates": [1, 2, 1e400], %s}' % SIGN, None),
    (POINT, '{"coordinates": [1, 2, -1e300], %s}' % SIGN, None), (POINT, '{"coordinates": [1, 2, "3"], %s}' % SIGN, None),
    (POINT, '{"coordinates": {"0": 1}, %s}' % SIGN, None), (POINT, '{"coordinates": [1, 2, 3], "include_interaction": 1}', None),
    (BOX, '{"bbox_coords": [[0, 1], [0, 1]], %s}' % SIGN, None), (BOX, '{"bbox_coords": [[0, 1], [0, 1], [5, 4]], %s}' % SIGN, None),
    (BOX, '{"bbox_coords": [[0, 1], [0, 1], [0, 1e999]], %s}' % SIGN, None), (BOX, '{"bbox_coords": [1, 2, 3], %s}' % SIGN, None),
    ("/set_target_buffer", '{"shape": [48, 96, -80]}', None), ("/set_target_buffer", '{"shape": [48, 96, 4294967376]}', None),
    ("/set_target_buffer", '{"shape": [48, 96.5, 80]}', None), ("/set_do_autozoom", '{"do_autozoom": "yes"}', None),
    (MASK, "NNIA", "{%s}" % SIGN), (MASK, "", "{%s}" % SIGN), (MASK, "x" * 100, "{"), (MASK, "x" * 100, "[" * 9000), (MASK, "x" * 100, None),
    (MASK, "x" * 100, '{%s, "interaction_bbox": [[0, 1], [0, 1], [0, 1e10]]}' % SIGN),
    (MASK, "x" * 100, '{%s, "interaction_bbox": [[5, 1], [0, 1], [0, 1]]}' % SIGN),
    ("/add_initial_seg_interaction", "NNIA\x01\x01\x03\x05uint8" + "\x7f" * 28, None),
    ("/set_image", "NNIA\x01\x01\x04\x05int16" + "\x7f" * 36, '{"image_properties": {"spacing": [1, 1, 1]}}'),
    ("/set_image", "", '{"image_properties": 3}'),
])
def test_hostile_calls_are_refused_and_harm_nobody(viewer, case, path, body, meta):
    answer = viewer._http.post(path, content=body, headers={} if meta is None else {"X-Meta": meta})
    assert answer.status_code == 400 and answer.json()["detail"]
    if path == "/set_image":
        open_image(viewer, case.array)
    viewer.add_point_interaction(case.centre, include_interaction=True)
    assert shown(viewer).any()


def test_the_servers_refusals_are_worded_for_the_user(viewer, case):
    for number in range(64):
        viewer.add_point_interaction(beside(case, 0, number % 5, number % 3), True, run_prediction=False)
    with pytest.raises(httpx.HTTPStatusError) as error:
        viewer.add_point_interaction(case.centre, True)
    assert error.value.response.status_code == 400 and "64 points" in detail_of(error)
    assert viewer._predict() is not None   # without the one that was refused


def test_a_prompt_needs_an_image_first(gateway):
    with Viewer(gateway.url) as viewer, pytest.raises(httpx.HTTPStatusError) as error:
        viewer.add_point_interaction((0, 0, 0), True)
    assert error.value.response.status_code == 400 and "no image" in detail_of(error)


def test_what_is_too_large_is_refused_by_its_announcement_or_its_shape(server):
    noise = numpy.random.default_rng(0).integers(0, 256, (1, 160, 128, 128), dtype=numpy.uint8)
    with running_gateway(server.grpc, "--max_image_bytes=2000000") as small, Viewer(small.url) as viewer:
        for image, status in ((noise, 413), (numpy.zeros_like(noise), 400)):   # of which the body is 100 bytes
            with pytest.raises(httpx.HTTPStatusError) as error:
                viewer.set_image(image)
            assert error.value.response.status_code == status
        viewer.set_image(noise[:, :10])


def test_images_of_all_sessions_together_are_bounded(server, case):
    with contextlib.ExitStack() as stack:
        url = stack.enter_context(running_gateway(server.grpc, "--max_image_bytes=3000000", "--max_held_bytes=12000000")).url
        first, second, third = (stack.enter_context(Viewer(url)) for _ in range(3))
        open_image(first, case.array)
        open_image(second, case.array)
        with pytest.raises(remote_session.ServerAtCapacityError, match="too many"):
            open_image(third, case.array)
        first.close()
        open_image(third, case.array).add_point_interaction(case.centre, include_interaction=True)
        second.add_point_interaction(case.centre, include_interaction=True)
        assert shown(third).any() and (shown(third) == shown(second)).all()


@pytest.mark.parametrize("method, path, status", [("GET", "/", 404), ("GET", "/set_image", 405), ("POST", "/healthz", 405),
                                                  ("DELETE", "/claim", 405), ("POST", "/claim/", 404)])
def test_what_is_no_call_says_so(gateway, method, path, status):
    answer = httpx.request(method, f"{gateway.url}{path}", content=b"")
    assert answer.status_code == status and answer.json()["detail"]


def test_one_session_too_many_is_told_to_come_back(gateway, server):
    with running_gateway(server.grpc, "--max_sessions=1") as full, Viewer(full.url) as viewer:
        with pytest.raises(remote_session.ServerAtCapacityError, match="all 1 sessions"):
            Viewer(full.url)
        assert httpx.post(f"{full.url}/claim").headers["Retry-After"] == "10"
        viewer.close()
        Viewer(full.url).close()


def test_a_key_is_asked_for_where_one_is_set(server, tmp_path):
    (tmp_path / "key").write_text("s3cret\n")
    with running_gateway(server.grpc, f"--api_key_file={tmp_path / 'key'}") as locked:
        Viewer(locked.url, api_key="s3cret").close()
        for wrong in ("s3creT", "s3cret2", None):
            with pytest.raises(httpx.HTTPStatusError) as error:
                Viewer(locked.url, api_key=wrong)
            assert error.value.response.status_code == 401 and "key" in detail_of(error)
        assert httpx.get(f"{locked.url}/healthz").json() == {"ok": True}


def test_a_lease_that_is_gone_is_told_before_an_image_is_read(viewer, case):
    viewer._http.headers[remote_session.LEASE_HEADER] = "0" * 32
    big = numpy.random.default_rng(0).integers(0, 255, (1, 128, 256, 256), dtype=numpy.uint8)
    for call in (lambda: viewer.set_image(big), viewer.heartbeat, viewer.undo, viewer.lease_status,
                 lambda: viewer.add_point_interaction(case.centre, True)):
        with pytest.raises(remote_session.SessionExpiredError):
            call()


def test_an_idle_session_expires(server, case):
    with running_gateway(server.grpc, "--idle_timeout=1s") as short, Viewer(short.url) as viewer:
        open_image(viewer, case.array)
        with pytest.raises(remote_session.SessionExpiredError):
            while True:   # looking is no action, and so is a heartbeat
                viewer.lease_status()
                viewer.heartbeat()


# --- the link to the server


def test_the_gateway_and_the_server_trust_each_other_or_say_so(model, case, tmp_path):
    subprocess.run([ROOT / "tests/support/make_certificates.sh", tmp_path], check=True)
    shown = [f"--tls_cert={tmp_path / 'client.pem'}", f"--tls_key={tmp_path / 'client.key'}"]
    with running_server(model, f"--tls_cert={tmp_path / 'server.pem'}", f"--tls_key={tmp_path / 'server.key'}",
                        f"--tls_client_ca={tmp_path / 'authority.pem'}") as server:
        address = f"localhost:{server.grpc.split(':')[1]}"
        with running_gateway(address, f"--tls_ca={tmp_path / 'authority.pem'}", *shown) as trusted, Viewer(trusted.url) as viewer:
            open_image(viewer, case.array).add_point_interaction(case.centre, include_interaction=True)
        for flags in ([], [f"--tls_ca={tmp_path / 'authority.pem'}"], [f"--tls_ca={tmp_path / 'stranger.pem'}", *shown]):
            with running_gateway(address, *flags) as stranger, pytest.raises(httpx.HTTPStatusError) as error:
                Viewer(stranger.url)
            assert error.value.response.status_code == 502 and "server" in detail_of(error)


# --- restarts


def free_port():
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return bound.getsockname()[1]


def once_it_is_back(call):
    """gRPC tries an address anew after a second; until then the gateway says that the server cannot be reached."""
    while True:
        with contextlib.suppress(httpx.HTTPStatusError):
            return call()


def test_a_server_that_has_lost_image_and_logits_gets_them_again(model, sdk, case):
    address = f"127.0.0.1:{free_port()}"
    with running_gateway(address) as gateway:
        with running_server(model, f"--listen={address}") as first, Viewer(gateway.url) as viewer:
            open_image(viewer, case.array).add_point_interaction(case.centre, include_interaction=True)
            ours = OurClient(sdk, first, case.array)
            equal(viewer, ours.click(case.centre))
            first.process.terminate()
            first.process.wait(60)
            with running_server(model, f"--listen={address}") as second:
                once_it_is_back(lambda: viewer.add_point_interaction(beside(case, 0, 9, 0), include_interaction=False))
                assert second.metric("sgpsam_received_bytes_total") >= case.array.nbytes
                ours.client = sdk.Client(second.grpc)
                equal(viewer, ours.click(beside(case, 0, 9, 0), False))
        with pytest.raises(httpx.HTTPStatusError) as error:   # nobody there
            Viewer(gateway.url)
        assert error.value.response.status_code == 502 and "cannot reach" in detail_of(error)


def test_a_gateway_that_was_restarted_tells_viewers_to_begin_anew(server, case):
    with running_gateway(server.grpc) as first, Viewer(first.url) as viewer:
        open_image(viewer, case.array)
        port = first.url.rsplit(":", 1)[1]
        first.process.terminate()
        first.process.wait(60)
        with running_gateway(server.grpc, f"--nninteractive_listen=127.0.0.1:{port}"):
            with pytest.raises(remote_session.SessionExpiredError):
                viewer.add_point_interaction(case.centre, include_interaction=True)
            with Viewer(first.url) as again:
                open_image(again, case.array).add_point_interaction(case.centre, include_interaction=True)
                assert shown(again).any()


# --- the program


def run(*arguments, environment=None):
    return subprocess.run([BIN / "sgpsam-gateway", *arguments], env=environment, capture_output=True, text=True, timeout=60)


def test_help_and_version_and_the_table_in_the_document():
    done = run("--help")
    assert done.returncode == 0 and done.stderr == ""
    assert "--nninteractive_listen=127.0.0.1:1527" in done.stdout and "SGPSAM_GATEWAY_" in done.stdout
    version = re.search(r"project\(\w+\s+VERSION ([\d.]+)", (ROOT / "CMakeLists.txt").read_text()).group(1)
    assert run("--version").stdout == f"sgpsam-gateway {version}\n"
    table = run("--help=markdown").stdout
    assert table.count("\n") > 6
    assert table in (ROOT / "docs/configuration.md").read_text(), \
        "put the output of sgpsam-gateway --help=markdown into docs/configuration.md"


@pytest.mark.parametrize("arguments, environment, complaint", [
    (["--max_sesions=3"], {}, "no flag --max_sesions"),
    (["--max_sessions=0"], {}, "--max_sessions must be 1 to 1024"),
    (["--nninteractive_listen=here"], {}, "--nninteractive_listen must be host:port"),
    (["--api_key_file=/nonexistent"], {}, "--api_key_file must be a file"),
    (["--max_held_bytes=5"], {}, "--max_held_bytes must be"),
    (["--tls_cert=c.pem", "--tls_key=k.pem"], {}, "--tls_ca must be given"),
    (["--tls_ca=system", "--tls_cert=c.pem"], {}, "--tls_key must be given"),
    (["--tls_ca=/nonexistent.pem"], {}, "/nonexistent.pem"),
    (["now"], {}, "only flags are understood"),
    ([], {"SGPSAM_GATEWAY_MAX_SESIONS": "3"}, "SGPSAM_GATEWAY_MAX_SESIONS"),
])
def test_a_mistake_in_the_flags_is_named_and_ends_with_2(arguments, environment, complaint):
    done = run(*arguments, environment=environment)
    assert done.returncode == 2 and complaint in done.stderr and "--help" in done.stderr
    assert done.stdout == ""


def test_an_address_that_is_taken_ends_it_with_1(gateway):
    done = run(f"--nninteractive_listen={gateway.url.removeprefix('http://')}")
    assert done.returncode == 1 and "cannot listen" in done.stderr


def test_the_servers_flags_leave_the_gateways_environment_alone(model):
    with running_server(model, env={"SGPSAM_GATEWAY_SERVER": "elsewhere:1"}):
        pass


def test_nothing_of_an_image_reaches_the_log(server, case, tmp_path):
    with open(tmp_path / "log", "w") as log, running_gateway(server.grpc, stderr=log) as gateway:
        with Viewer(gateway.url) as viewer:
            open_image(viewer, case.array).add_point_interaction(case.centre, include_interaction=True)
            token = viewer._lease_token
            viewer._post_json("/reset_interactions", {"PatientName": "Doe^Jane"})
        httpx.post(f"{gateway.url}/Doe^Jane?PatientName=Doe", headers={"X-Meta": "Doe^Jane"}, content=b"Doe^Jane")
    lines = (tmp_path / "log").read_text()
    assert "session claimed" in lines and "session released" in lines
    assert "Doe" not in lines and token not in lines and json.dumps(case.centre)[1:-1] not in lines
