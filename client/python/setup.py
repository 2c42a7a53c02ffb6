"""Generates sgpsam/v1/*_pb2*.py from the repository's contract while the package is built, so that
generated code is never committed and never older than the contract."""

import importlib.metadata
import pathlib

import grpc_tools
from grpc_tools import protoc
from setuptools import setup
from setuptools.command.build_py import build_py

PROTO_ROOT = pathlib.Path(__file__).resolve().parents[2] / "proto"
CONTRACT = "sgpsam/v1/segmentation.proto"


class BuildWithContract(build_py):
    def run(self) -> None:
        super().run()
        out = "src" if self.editable_mode else self.build_lib
        well_known = pathlib.Path(grpc_tools.__file__).parent / "_proto"
        if protoc.main(["protoc", f"-I{PROTO_ROOT}", f"-I{well_known}", f"--python_out={out}",
                        f"--pyi_out={out}", f"--grpc_python_out={out}", CONTRACT]) != 0:
            raise RuntimeError(f"protoc could not compile {PROTO_ROOT / CONTRACT}")


setup(
    cmdclass={"build_py": BuildWithContract},
    # Generated code refuses runtimes that are older than its generator.
    install_requires=[f"grpcio>={importlib.metadata.version('grpcio-tools')}",
                      f"protobuf>={importlib.metadata.version('protobuf')}", "numpy>=1.24"],
)
