"""A real Orthanc archive for tests: own folder, own ports on the loopback, gone when the block ends."""

import contextlib
import email.parser
import email.policy
import json
import os
import pathlib
import shutil
import socket
import subprocess
import time

import requests

PROGRAM = shutil.which("Orthanc") or "/usr/sbin/Orthanc"
DICOMWEB = pathlib.Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
START_SECONDS = 60

MISSING = [str(path) for path in (pathlib.Path(PROGRAM), DICOMWEB) if not path.exists()] + [
    tool for tool in ("storescu", "dcmsend") if not shutil.which(tool)]


def free_ports(count):
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [opened.getsockname()[1] for opened in sockets]


def parts_of(response):
    """The bodies of a multipart answer."""
    head = f"Content-Type: {response.headers['Content-Type']}\r\n\r\n".encode()
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + response.content)
    return [part.get_payload(decode=True) for part in message.iter_parts()]


class Orthanc:
    def __init__(self, folder):
        self.http_port, self.dicom_port = free_ports(2)
        self.web = f"http://127.0.0.1:{self.http_port}/dicom-web"
        self._log = folder / "orthanc.log"
        self._config = folder / "orthanc.json"
        self._config.write_text(json.dumps({
            "Name": "test", "StorageDirectory": str(folder / "storage"), "IndexDirectory": str(folder / "storage"),
            "HttpPort": self.http_port, "RemoteAccessAllowed": False, "AuthenticationEnabled": False,
            "DicomPort": self.dicom_port, "DicomAet": "ORTHANC", "Plugins": [str(DICOMWEB)],
            "DicomWeb": {"Enable": True, "Root": "/dicom-web/"}}))

    def __enter__(self):
        # TCP_NODELAY=1, which DCMTK reads on both ends, makes DIMSE twenty times faster on the loopback.
        with open(self._log, "wb") as log:
            self._process = subprocess.Popen([PROGRAM, str(self._config)], stdout=log, stderr=log,
                                             env={**os.environ, "TCP_NODELAY": "1"})
        try:
            self._wait_until_it_answers()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _wait_until_it_answers(self):
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            with contextlib.suppress(requests.ConnectionError):
                self.get("/system")
                return
            time.sleep(0.1)
        raise RuntimeError(f"Orthanc did not start:\n{self._log.read_text()[-2000:]}")

    def get(self, path, **kwargs):
        response = requests.get(f"http://127.0.0.1:{self.http_port}{path}", timeout=60, **kwargs)
        response.raise_for_status()
        return response

    def forget_everything(self):
        for study in self.get("/studies").json():
            requests.delete(f"http://127.0.0.1:{self.http_port}/studies/{study}", timeout=60).raise_for_status()

    def c_store(self, tool, files):
        """By `storescu -R` or `dcmsend`: both propose exactly the SOP classes of the files, SEG included."""
        extra = ["-R"] if tool == "storescu" else []
        command = [tool, *extra, "-aec", "ORTHANC", "127.0.0.1", str(self.dicom_port), *map(str, files)]
        subprocess.run(command, check=True, capture_output=True, env={**os.environ, "TCP_NODELAY": "1"}, timeout=120)

    def stow(self, files):
        """By DICOMweb; returns the SOP instances that the archive says it stored."""
        boundary = "a-boundary-that-no-file-contains"
        body = b"".join(b"--%b\r\nContent-Type: application/dicom\r\n\r\n%b\r\n" %
                        (boundary.encode(), pathlib.Path(file).read_bytes()) for file in files)
        response = requests.post(
            f"{self.web}/studies", data=body + b"--%b--\r\n" % boundary.encode(), timeout=120,
            headers={"Content-Type": f'multipart/related; type="application/dicom"; boundary={boundary}',
                     "Accept": "application/dicom+json"})
        response.raise_for_status()
        return [item["00081155"]["Value"][0] for item in response.json()["00081199"]["Value"]]

    def file(self, sop_instance_uid):
        """The instance as the REST interface gives it."""
        found = requests.post(f"http://127.0.0.1:{self.http_port}/tools/lookup", data=sop_instance_uid, timeout=60).json()
        [instance] = [item["ID"] for item in found if item["Type"] == "Instance"]
        return self.get(f"/instances/{instance}/file").content

    def wado(self, dataset):
        """The instance as WADO-RS gives it."""
        [body] = parts_of(self._retrieve(dataset, "", 'multipart/related; type="application/dicom"; transfer-syntax=*'))
        return body

    def wado_frame(self, dataset, number):
        """One frame's bytes as WADO-RS gives them."""
        [body] = parts_of(self._retrieve(
            dataset, f"/frames/{number}", 'multipart/related; type="application/octet-stream"'))
        return body

    def _retrieve(self, dataset, what, accept):
        return self.get(f"/dicom-web/studies/{dataset.StudyInstanceUID}/series/{dataset.SeriesInstanceUID}"
                        f"/instances/{dataset.SOPInstanceUID}{what}", headers={"Accept": accept})

    def qido_series(self, study_instance_uid, modality):
        return self.get(f"/dicom-web/studies/{study_instance_uid}/series", params={"Modality": modality},
                        headers={"Accept": "application/dicom+json"}).json()
