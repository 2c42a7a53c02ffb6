"""Client of sgpsam-server: a volume and clicks go in, masks or a DICOM-SEG come out."""

import importlib.metadata

from sgpsam.client import Client, Output
from sgpsam.connection import Tls
from sgpsam.errors import (
    Busy,
    Cancelled,
    DeadlineExceeded,
    InvalidInput,
    NotTrusted,
    ServerError,
    SgpsamError,
    Unavailable,
)
from sgpsam.request import Box, Click, Code, Line, Scribble, SegSeries, Target
from sgpsam.result import (
    Gate,
    ModelDescription,
    ModelIdentity,
    PatchPosition,
    PreviousLogits,
    Progress,
    PromptUse,
    Result,
    TargetResult,
)
from sgpsam.volume import Volume

__all__ = ["Box", "Busy", "Cancelled", "Click", "Client", "Code", "DeadlineExceeded", "Gate", "InvalidInput", "Line",
           "ModelDescription", "ModelIdentity", "NotTrusted", "Output", "PatchPosition", "PreviousLogits", "Progress",
           "PromptUse", "Result", "Scribble", "SegSeries", "ServerError", "SgpsamError", "Target", "TargetResult",
           "Tls", "Unavailable", "Volume"]

__version__ = importlib.metadata.version("sgpsam")
