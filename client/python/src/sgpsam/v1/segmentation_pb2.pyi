from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

AXIS_ORDER_I_FASTEST: AxisOrder
AXIS_ORDER_K_FASTEST: AxisOrder
AXIS_ORDER_UNSPECIFIED: AxisOrder
DELIVERY_BY_DIGEST: Delivery
DELIVERY_PAYLOAD: Delivery
DELIVERY_UNSPECIFIED: Delivery
DESCRIPTOR: _descriptor.FileDescriptor
MASK_FORMAT_DICOM_SEG: MaskFormat
MASK_FORMAT_NIFTI: MaskFormat
MASK_FORMAT_RAW_BITS: MaskFormat
MASK_FORMAT_UNSPECIFIED: MaskFormat
OUTPUT_KIND_LOGITS: OutputKind
OUTPUT_KIND_MASK: OutputKind
OUTPUT_KIND_PROBABILITIES: OutputKind
OUTPUT_KIND_UNCERTAINTY: OutputKind
OUTPUT_KIND_UNSPECIFIED: OutputKind
OUTPUT_KIND_UPRIGHT_IMAGE: OutputKind
POLARITY_NEGATIVE: Polarity
POLARITY_POSITIVE: Polarity
POLARITY_UNSPECIFIED: Polarity
PRIORITY_BATCH: Priority
PRIORITY_ROUTINE: Priority
PRIORITY_STAT: Priority
PRIORITY_UNSPECIFIED: Priority
PROMPT_KIND_BOX: PromptKind
PROMPT_KIND_LINE: PromptKind
PROMPT_KIND_MASK: PromptKind
PROMPT_KIND_POINT: PromptKind
PROMPT_KIND_PREVIOUS_LOGITS: PromptKind
PROMPT_KIND_SCRIBBLE: PromptKind
PROMPT_KIND_UNSPECIFIED: PromptKind
SAMPLE_TYPE_FLOAT32: SampleType
SAMPLE_TYPE_FLOAT64: SampleType
SAMPLE_TYPE_INT16: SampleType
SAMPLE_TYPE_INT32: SampleType
SAMPLE_TYPE_INT8: SampleType
SAMPLE_TYPE_UINT16: SampleType
SAMPLE_TYPE_UINT32: SampleType
SAMPLE_TYPE_UINT8: SampleType
SAMPLE_TYPE_UNSPECIFIED: SampleType
STAGE_DECODE: Stage
STAGE_ENCODE: Stage
STAGE_PREPARE: Stage
STAGE_PROMPT_MASK: Stage
STAGE_QUEUE: Stage
STAGE_RECEIVE: Stage
STAGE_RESTORE: Stage
STAGE_SEND: Stage
STAGE_UNSPECIFIED: Stage
STAGE_WRITE: Stage

class Accepted(_message.Message):
    __slots__ = ["chunk_bytes", "request_id"]
    CHUNK_BYTES_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    chunk_bytes: int
    request_id: str
    def __init__(self, request_id: _Optional[str] = ..., chunk_bytes: _Optional[int] = ...) -> None: ...

class BoxPrompt(_message.Message):
    __slots__ = ["patient_a", "patient_b", "polarity", "voxel_a", "voxel_b"]
    PATIENT_A_FIELD_NUMBER: _ClassVar[int]
    PATIENT_B_FIELD_NUMBER: _ClassVar[int]
    POLARITY_FIELD_NUMBER: _ClassVar[int]
    VOXEL_A_FIELD_NUMBER: _ClassVar[int]
    VOXEL_B_FIELD_NUMBER: _ClassVar[int]
    patient_a: PatientPoint
    patient_b: PatientPoint
    polarity: Polarity
    voxel_a: VoxelPoint
    voxel_b: VoxelPoint
    def __init__(self, patient_a: _Optional[_Union[PatientPoint, _Mapping]] = ..., voxel_a: _Optional[_Union[VoxelPoint, _Mapping]] = ..., patient_b: _Optional[_Union[PatientPoint, _Mapping]] = ..., voxel_b: _Optional[_Union[VoxelPoint, _Mapping]] = ..., polarity: _Optional[_Union[Polarity, str]] = ...) -> None: ...

class Code(_message.Message):
    __slots__ = ["meaning", "scheme", "value"]
    MEANING_FIELD_NUMBER: _ClassVar[int]
    SCHEME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    meaning: str
    scheme: str
    value: str
    def __init__(self, value: _Optional[str] = ..., scheme: _Optional[str] = ..., meaning: _Optional[str] = ...) -> None: ...

class DescribeModelRequest(_message.Message):
    __slots__ = []
    def __init__(self) -> None: ...

class DescribeModelResponse(_message.Message):
    __slots__ = ["box_corner_embeddings", "devices", "finest_spacing_mm", "gate_blocks", "logits_side", "max_targets", "max_volume_bytes", "model", "patch_spacing_mm", "patch_voxels", "precision", "server_version"]
    BOX_CORNER_EMBEDDINGS_FIELD_NUMBER: _ClassVar[int]
    DEVICES_FIELD_NUMBER: _ClassVar[int]
    FINEST_SPACING_MM_FIELD_NUMBER: _ClassVar[int]
    GATE_BLOCKS_FIELD_NUMBER: _ClassVar[int]
    LOGITS_SIDE_FIELD_NUMBER: _ClassVar[int]
    MAX_TARGETS_FIELD_NUMBER: _ClassVar[int]
    MAX_VOLUME_BYTES_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    PATCH_SPACING_MM_FIELD_NUMBER: _ClassVar[int]
    PATCH_VOXELS_FIELD_NUMBER: _ClassVar[int]
    PRECISION_FIELD_NUMBER: _ClassVar[int]
    SERVER_VERSION_FIELD_NUMBER: _ClassVar[int]
    box_corner_embeddings: int
    devices: _containers.RepeatedScalarFieldContainer[str]
    finest_spacing_mm: float
    gate_blocks: _containers.RepeatedScalarFieldContainer[int]
    logits_side: int
    max_targets: int
    max_volume_bytes: int
    model: ModelIdentity
    patch_spacing_mm: float
    patch_voxels: _containers.RepeatedScalarFieldContainer[int]
    precision: str
    server_version: str
    def __init__(self, model: _Optional[_Union[ModelIdentity, _Mapping]] = ..., patch_voxels: _Optional[_Iterable[int]] = ..., patch_spacing_mm: _Optional[float] = ..., precision: _Optional[str] = ..., gate_blocks: _Optional[_Iterable[int]] = ..., box_corner_embeddings: _Optional[int] = ..., devices: _Optional[_Iterable[str]] = ..., server_version: _Optional[str] = ..., max_volume_bytes: _Optional[int] = ..., max_targets: _Optional[int] = ..., logits_side: _Optional[int] = ..., finest_spacing_mm: _Optional[float] = ...) -> None: ...

class DicomSeries(_message.Message):
    __slots__ = ["file_sizes_bytes", "series"]
    FILE_SIZES_BYTES_FIELD_NUMBER: _ClassVar[int]
    SERIES_FIELD_NUMBER: _ClassVar[int]
    file_sizes_bytes: _containers.RepeatedScalarFieldContainer[int]
    series: str
    def __init__(self, file_sizes_bytes: _Optional[_Iterable[int]] = ..., series: _Optional[str] = ...) -> None: ...

class GateScore(_message.Message):
    __slots__ = ["block", "open", "score"]
    BLOCK_FIELD_NUMBER: _ClassVar[int]
    OPEN_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    block: int
    open: bool
    score: float
    def __init__(self, block: _Optional[int] = ..., score: _Optional[float] = ..., open: bool = ...) -> None: ...

class InferenceOptions(_message.Message):
    __slots__ = ["auto_spacing", "max_looks", "max_patches", "max_steps", "spacing_mm"]
    AUTO_SPACING_FIELD_NUMBER: _ClassVar[int]
    MAX_LOOKS_FIELD_NUMBER: _ClassVar[int]
    MAX_PATCHES_FIELD_NUMBER: _ClassVar[int]
    MAX_STEPS_FIELD_NUMBER: _ClassVar[int]
    SPACING_MM_FIELD_NUMBER: _ClassVar[int]
    auto_spacing: bool
    max_looks: int
    max_patches: int
    max_steps: int
    spacing_mm: float
    def __init__(self, max_patches: _Optional[int] = ..., spacing_mm: _Optional[float] = ..., auto_spacing: bool = ..., max_looks: _Optional[int] = ..., max_steps: _Optional[int] = ...) -> None: ...

class LinePrompt(_message.Message):
    __slots__ = ["patient_a", "patient_b", "voxel_a", "voxel_b"]
    PATIENT_A_FIELD_NUMBER: _ClassVar[int]
    PATIENT_B_FIELD_NUMBER: _ClassVar[int]
    VOXEL_A_FIELD_NUMBER: _ClassVar[int]
    VOXEL_B_FIELD_NUMBER: _ClassVar[int]
    patient_a: PatientPoint
    patient_b: PatientPoint
    voxel_a: VoxelPoint
    voxel_b: VoxelPoint
    def __init__(self, patient_a: _Optional[_Union[PatientPoint, _Mapping]] = ..., voxel_a: _Optional[_Union[VoxelPoint, _Mapping]] = ..., patient_b: _Optional[_Union[PatientPoint, _Mapping]] = ..., voxel_b: _Optional[_Union[VoxelPoint, _Mapping]] = ...) -> None: ...

class MaskPrompt(_message.Message):
    __slots__ = ["axis_order", "shape", "zlib_bits"]
    AXIS_ORDER_FIELD_NUMBER: _ClassVar[int]
    SHAPE_FIELD_NUMBER: _ClassVar[int]
    ZLIB_BITS_FIELD_NUMBER: _ClassVar[int]
    axis_order: AxisOrder
    shape: _containers.RepeatedScalarFieldContainer[int]
    zlib_bits: bytes
    def __init__(self, zlib_bits: _Optional[bytes] = ..., shape: _Optional[_Iterable[int]] = ..., axis_order: _Optional[_Union[AxisOrder, str]] = ...) -> None: ...

class ModelIdentity(_message.Message):
    __slots__ = ["name", "version", "weights_sha256"]
    NAME_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    WEIGHTS_SHA256_FIELD_NUMBER: _ClassVar[int]
    name: str
    version: str
    weights_sha256: bytes
    def __init__(self, name: _Optional[str] = ..., version: _Optional[str] = ..., weights_sha256: _Optional[bytes] = ...) -> None: ...

class NeedLogits(_message.Message):
    __slots__ = ["target_index"]
    TARGET_INDEX_FIELD_NUMBER: _ClassVar[int]
    target_index: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, target_index: _Optional[_Iterable[int]] = ...) -> None: ...

class NeedVolume(_message.Message):
    __slots__ = []
    def __init__(self) -> None: ...

class Nifti(_message.Message):
    __slots__ = []
    def __init__(self) -> None: ...

class Output(_message.Message):
    __slots__ = ["kind", "media_type", "size_bytes", "target_index"]
    KIND_FIELD_NUMBER: _ClassVar[int]
    MEDIA_TYPE_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    TARGET_INDEX_FIELD_NUMBER: _ClassVar[int]
    kind: OutputKind
    media_type: str
    size_bytes: int
    target_index: int
    def __init__(self, kind: _Optional[_Union[OutputKind, str]] = ..., target_index: _Optional[int] = ..., size_bytes: _Optional[int] = ..., media_type: _Optional[str] = ...) -> None: ...

class OutputChunk(_message.Message):
    __slots__ = ["data", "output_index"]
    DATA_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_INDEX_FIELD_NUMBER: _ClassVar[int]
    data: bytes
    output_index: int
    def __init__(self, output_index: _Optional[int] = ..., data: _Optional[bytes] = ...) -> None: ...

class OutputOptions(_message.Message):
    __slots__ = ["format", "logits", "probabilities", "seg_series", "uncertainty", "upright"]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    LOGITS_FIELD_NUMBER: _ClassVar[int]
    PROBABILITIES_FIELD_NUMBER: _ClassVar[int]
    SEG_SERIES_FIELD_NUMBER: _ClassVar[int]
    UNCERTAINTY_FIELD_NUMBER: _ClassVar[int]
    UPRIGHT_FIELD_NUMBER: _ClassVar[int]
    format: MaskFormat
    logits: bool
    probabilities: bool
    seg_series: SegSeries
    uncertainty: bool
    upright: bool
    def __init__(self, format: _Optional[_Union[MaskFormat, str]] = ..., probabilities: bool = ..., logits: bool = ..., seg_series: _Optional[_Union[SegSeries, _Mapping]] = ..., upright: bool = ..., uncertainty: bool = ...) -> None: ...

class PassedOver(_message.Message):
    __slots__ = ["files", "kind"]
    FILES_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    files: int
    kind: str
    def __init__(self, kind: _Optional[str] = ..., files: _Optional[int] = ...) -> None: ...

class PatchPosition(_message.Message):
    __slots__ = ["centre", "spacing_mm"]
    CENTRE_FIELD_NUMBER: _ClassVar[int]
    SPACING_MM_FIELD_NUMBER: _ClassVar[int]
    centre: PatientPoint
    spacing_mm: float
    def __init__(self, centre: _Optional[_Union[PatientPoint, _Mapping]] = ..., spacing_mm: _Optional[float] = ...) -> None: ...

class PatientPoint(_message.Message):
    __slots__ = ["x", "y", "z"]
    X_FIELD_NUMBER: _ClassVar[int]
    Y_FIELD_NUMBER: _ClassVar[int]
    Z_FIELD_NUMBER: _ClassVar[int]
    x: float
    y: float
    z: float
    def __init__(self, x: _Optional[float] = ..., y: _Optional[float] = ..., z: _Optional[float] = ...) -> None: ...

class PayloadChunk(_message.Message):
    __slots__ = ["data"]
    DATA_FIELD_NUMBER: _ClassVar[int]
    data: bytes
    def __init__(self, data: _Optional[bytes] = ...) -> None: ...

class PointPrompt(_message.Message):
    __slots__ = ["patient", "polarity", "voxel"]
    PATIENT_FIELD_NUMBER: _ClassVar[int]
    POLARITY_FIELD_NUMBER: _ClassVar[int]
    VOXEL_FIELD_NUMBER: _ClassVar[int]
    patient: PatientPoint
    polarity: Polarity
    voxel: VoxelPoint
    def __init__(self, patient: _Optional[_Union[PatientPoint, _Mapping]] = ..., voxel: _Optional[_Union[VoxelPoint, _Mapping]] = ..., polarity: _Optional[_Union[Polarity, str]] = ...) -> None: ...

class PreprocessingOptions(_message.Message):
    __slots__ = ["clamp_max", "clamp_min", "has_clamp"]
    CLAMP_MAX_FIELD_NUMBER: _ClassVar[int]
    CLAMP_MIN_FIELD_NUMBER: _ClassVar[int]
    HAS_CLAMP_FIELD_NUMBER: _ClassVar[int]
    clamp_max: float
    clamp_min: float
    has_clamp: bool
    def __init__(self, has_clamp: bool = ..., clamp_min: _Optional[float] = ..., clamp_max: _Optional[float] = ...) -> None: ...

class PreviousLogits(_message.Message):
    __slots__ = ["patch", "samples", "sha256"]
    PATCH_FIELD_NUMBER: _ClassVar[int]
    SAMPLES_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    patch: PatchPosition
    samples: bytes
    sha256: bytes
    def __init__(self, sha256: _Optional[bytes] = ..., samples: _Optional[bytes] = ..., patch: _Optional[_Union[PatchPosition, _Mapping]] = ...) -> None: ...

class PreviousLogitsData(_message.Message):
    __slots__ = ["samples", "target_index"]
    SAMPLES_FIELD_NUMBER: _ClassVar[int]
    TARGET_INDEX_FIELD_NUMBER: _ClassVar[int]
    samples: bytes
    target_index: int
    def __init__(self, target_index: _Optional[int] = ..., samples: _Optional[bytes] = ...) -> None: ...

class Progress(_message.Message):
    __slots__ = ["expected_seconds", "patch", "patches", "queue_position", "stage", "target_index"]
    EXPECTED_SECONDS_FIELD_NUMBER: _ClassVar[int]
    PATCHES_FIELD_NUMBER: _ClassVar[int]
    PATCH_FIELD_NUMBER: _ClassVar[int]
    QUEUE_POSITION_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    TARGET_INDEX_FIELD_NUMBER: _ClassVar[int]
    expected_seconds: float
    patch: int
    patches: int
    queue_position: int
    stage: Stage
    target_index: int
    def __init__(self, stage: _Optional[_Union[Stage, str]] = ..., target_index: _Optional[int] = ..., queue_position: _Optional[int] = ..., expected_seconds: _Optional[float] = ..., patch: _Optional[int] = ..., patches: _Optional[int] = ...) -> None: ...

class PromptUse(_message.Message):
    __slots__ = ["box_corners", "clicks", "confined", "enforced", "kind", "mask_logits", "number"]
    BOX_CORNERS_FIELD_NUMBER: _ClassVar[int]
    CLICKS_FIELD_NUMBER: _ClassVar[int]
    CONFINED_FIELD_NUMBER: _ClassVar[int]
    ENFORCED_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    MASK_LOGITS_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    box_corners: bool
    clicks: int
    confined: bool
    enforced: bool
    kind: PromptKind
    mask_logits: bool
    number: int
    def __init__(self, kind: _Optional[_Union[PromptKind, str]] = ..., number: _Optional[int] = ..., clicks: _Optional[int] = ..., box_corners: bool = ..., mask_logits: bool = ..., confined: bool = ..., enforced: bool = ...) -> None: ...

class Prompts(_message.Message):
    __slots__ = ["box", "boxes", "lines", "mask", "points", "previous_logits", "scribbles"]
    BOXES_FIELD_NUMBER: _ClassVar[int]
    BOX_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    MASK_FIELD_NUMBER: _ClassVar[int]
    POINTS_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_LOGITS_FIELD_NUMBER: _ClassVar[int]
    SCRIBBLES_FIELD_NUMBER: _ClassVar[int]
    box: BoxPrompt
    boxes: _containers.RepeatedCompositeFieldContainer[BoxPrompt]
    lines: _containers.RepeatedCompositeFieldContainer[LinePrompt]
    mask: MaskPrompt
    points: _containers.RepeatedCompositeFieldContainer[PointPrompt]
    previous_logits: PreviousLogits
    scribbles: _containers.RepeatedCompositeFieldContainer[ScribblePrompt]
    def __init__(self, points: _Optional[_Iterable[_Union[PointPrompt, _Mapping]]] = ..., box: _Optional[_Union[BoxPrompt, _Mapping]] = ..., previous_logits: _Optional[_Union[PreviousLogits, _Mapping]] = ..., mask: _Optional[_Union[MaskPrompt, _Mapping]] = ..., boxes: _Optional[_Iterable[_Union[BoxPrompt, _Mapping]]] = ..., lines: _Optional[_Iterable[_Union[LinePrompt, _Mapping]]] = ..., scribbles: _Optional[_Iterable[_Union[ScribblePrompt, _Mapping]]] = ...) -> None: ...

class RawVolume(_message.Message):
    __slots__ = ["direction_lps", "origin_lps", "sample_type", "shape", "spacing_mm"]
    DIRECTION_LPS_FIELD_NUMBER: _ClassVar[int]
    ORIGIN_LPS_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_TYPE_FIELD_NUMBER: _ClassVar[int]
    SHAPE_FIELD_NUMBER: _ClassVar[int]
    SPACING_MM_FIELD_NUMBER: _ClassVar[int]
    direction_lps: _containers.RepeatedScalarFieldContainer[float]
    origin_lps: _containers.RepeatedScalarFieldContainer[float]
    sample_type: SampleType
    shape: _containers.RepeatedScalarFieldContainer[int]
    spacing_mm: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, shape: _Optional[_Iterable[int]] = ..., sample_type: _Optional[_Union[SampleType, str]] = ..., spacing_mm: _Optional[_Iterable[float]] = ..., origin_lps: _Optional[_Iterable[float]] = ..., direction_lps: _Optional[_Iterable[float]] = ...) -> None: ...

class ResultTarget(_message.Message):
    __slots__ = ["confidence", "dropped_components", "embedding_cached", "enforced_prompts", "first_patch", "gates", "iou_prediction", "logits_sha256", "patches", "prompt_uses", "spacing_mm", "touches_patch_border", "volume_ml", "voxels"]
    CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    DROPPED_COMPONENTS_FIELD_NUMBER: _ClassVar[int]
    EMBEDDING_CACHED_FIELD_NUMBER: _ClassVar[int]
    ENFORCED_PROMPTS_FIELD_NUMBER: _ClassVar[int]
    FIRST_PATCH_FIELD_NUMBER: _ClassVar[int]
    GATES_FIELD_NUMBER: _ClassVar[int]
    IOU_PREDICTION_FIELD_NUMBER: _ClassVar[int]
    LOGITS_SHA256_FIELD_NUMBER: _ClassVar[int]
    PATCHES_FIELD_NUMBER: _ClassVar[int]
    PROMPT_USES_FIELD_NUMBER: _ClassVar[int]
    SPACING_MM_FIELD_NUMBER: _ClassVar[int]
    TOUCHES_PATCH_BORDER_FIELD_NUMBER: _ClassVar[int]
    VOLUME_ML_FIELD_NUMBER: _ClassVar[int]
    VOXELS_FIELD_NUMBER: _ClassVar[int]
    confidence: float
    dropped_components: int
    embedding_cached: bool
    enforced_prompts: int
    first_patch: PatchPosition
    gates: _containers.RepeatedCompositeFieldContainer[GateScore]
    iou_prediction: float
    logits_sha256: bytes
    patches: int
    prompt_uses: _containers.RepeatedCompositeFieldContainer[PromptUse]
    spacing_mm: float
    touches_patch_border: bool
    volume_ml: float
    voxels: int
    def __init__(self, voxels: _Optional[int] = ..., volume_ml: _Optional[float] = ..., touches_patch_border: bool = ..., embedding_cached: bool = ..., gates: _Optional[_Iterable[_Union[GateScore, _Mapping]]] = ..., iou_prediction: _Optional[float] = ..., logits_sha256: _Optional[bytes] = ..., patches: _Optional[int] = ..., spacing_mm: _Optional[float] = ..., first_patch: _Optional[_Union[PatchPosition, _Mapping]] = ..., confidence: _Optional[float] = ..., dropped_components: _Optional[int] = ..., enforced_prompts: _Optional[int] = ..., prompt_uses: _Optional[_Iterable[_Union[PromptUse, _Mapping]]] = ...) -> None: ...

class Rgb(_message.Message):
    __slots__ = ["blue", "green", "red"]
    BLUE_FIELD_NUMBER: _ClassVar[int]
    GREEN_FIELD_NUMBER: _ClassVar[int]
    RED_FIELD_NUMBER: _ClassVar[int]
    blue: int
    green: int
    red: int
    def __init__(self, red: _Optional[int] = ..., green: _Optional[int] = ..., blue: _Optional[int] = ...) -> None: ...

class ScribblePrompt(_message.Message):
    __slots__ = ["axis_order", "first_voxel", "polarity", "shape", "zlib_bits"]
    AXIS_ORDER_FIELD_NUMBER: _ClassVar[int]
    FIRST_VOXEL_FIELD_NUMBER: _ClassVar[int]
    POLARITY_FIELD_NUMBER: _ClassVar[int]
    SHAPE_FIELD_NUMBER: _ClassVar[int]
    ZLIB_BITS_FIELD_NUMBER: _ClassVar[int]
    axis_order: AxisOrder
    first_voxel: _containers.RepeatedScalarFieldContainer[int]
    polarity: Polarity
    shape: _containers.RepeatedScalarFieldContainer[int]
    zlib_bits: bytes
    def __init__(self, zlib_bits: _Optional[bytes] = ..., shape: _Optional[_Iterable[int]] = ..., axis_order: _Optional[_Union[AxisOrder, str]] = ..., first_voxel: _Optional[_Iterable[int]] = ..., polarity: _Optional[_Union[Polarity, str]] = ...) -> None: ...

class SegSeries(_message.Message):
    __slots__ = ["content_label", "creator", "instance_number", "series_description", "series_number", "series_uid"]
    CONTENT_LABEL_FIELD_NUMBER: _ClassVar[int]
    CREATOR_FIELD_NUMBER: _ClassVar[int]
    INSTANCE_NUMBER_FIELD_NUMBER: _ClassVar[int]
    SERIES_DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    SERIES_NUMBER_FIELD_NUMBER: _ClassVar[int]
    SERIES_UID_FIELD_NUMBER: _ClassVar[int]
    content_label: str
    creator: str
    instance_number: int
    series_description: str
    series_number: int
    series_uid: str
    def __init__(self, series_uid: _Optional[str] = ..., series_description: _Optional[str] = ..., series_number: _Optional[int] = ..., instance_number: _Optional[int] = ..., content_label: _Optional[str] = ..., creator: _Optional[str] = ...) -> None: ...

class SegmentHeader(_message.Message):
    __slots__ = ["idempotency_key", "inference", "output", "preprocessing", "priority", "targets", "volume"]
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    INFERENCE_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    PREPROCESSING_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    TARGETS_FIELD_NUMBER: _ClassVar[int]
    VOLUME_FIELD_NUMBER: _ClassVar[int]
    idempotency_key: str
    inference: InferenceOptions
    output: OutputOptions
    preprocessing: PreprocessingOptions
    priority: Priority
    targets: _containers.RepeatedCompositeFieldContainer[Target]
    volume: VolumeSource
    def __init__(self, volume: _Optional[_Union[VolumeSource, _Mapping]] = ..., targets: _Optional[_Iterable[_Union[Target, _Mapping]]] = ..., output: _Optional[_Union[OutputOptions, _Mapping]] = ..., idempotency_key: _Optional[str] = ..., priority: _Optional[_Union[Priority, str]] = ..., preprocessing: _Optional[_Union[PreprocessingOptions, _Mapping]] = ..., inference: _Optional[_Union[InferenceOptions, _Mapping]] = ...) -> None: ...

class SegmentRequest(_message.Message):
    __slots__ = ["chunk", "header", "logits"]
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    HEADER_FIELD_NUMBER: _ClassVar[int]
    LOGITS_FIELD_NUMBER: _ClassVar[int]
    chunk: PayloadChunk
    header: SegmentHeader
    logits: PreviousLogitsData
    def __init__(self, header: _Optional[_Union[SegmentHeader, _Mapping]] = ..., chunk: _Optional[_Union[PayloadChunk, _Mapping]] = ..., logits: _Optional[_Union[PreviousLogitsData, _Mapping]] = ...) -> None: ...

class SegmentResponse(_message.Message):
    __slots__ = ["accepted", "need_logits", "need_volume", "output", "progress", "result"]
    ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    NEED_LOGITS_FIELD_NUMBER: _ClassVar[int]
    NEED_VOLUME_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    accepted: Accepted
    need_logits: NeedLogits
    need_volume: NeedVolume
    output: OutputChunk
    progress: Progress
    result: SegmentResult
    def __init__(self, accepted: _Optional[_Union[Accepted, _Mapping]] = ..., need_volume: _Optional[_Union[NeedVolume, _Mapping]] = ..., need_logits: _Optional[_Union[NeedLogits, _Mapping]] = ..., progress: _Optional[_Union[Progress, _Mapping]] = ..., result: _Optional[_Union[SegmentResult, _Mapping]] = ..., output: _Optional[_Union[OutputChunk, _Mapping]] = ...) -> None: ...

class SegmentResult(_message.Message):
    __slots__ = ["model", "outputs", "passed_over", "stage_times", "targets", "volume_sha256", "volume_shape", "voxel_to_lps", "warnings"]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    OUTPUTS_FIELD_NUMBER: _ClassVar[int]
    PASSED_OVER_FIELD_NUMBER: _ClassVar[int]
    STAGE_TIMES_FIELD_NUMBER: _ClassVar[int]
    TARGETS_FIELD_NUMBER: _ClassVar[int]
    VOLUME_SHA256_FIELD_NUMBER: _ClassVar[int]
    VOLUME_SHAPE_FIELD_NUMBER: _ClassVar[int]
    VOXEL_TO_LPS_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    model: ModelIdentity
    outputs: _containers.RepeatedCompositeFieldContainer[Output]
    passed_over: _containers.RepeatedCompositeFieldContainer[PassedOver]
    stage_times: _containers.RepeatedCompositeFieldContainer[StageTime]
    targets: _containers.RepeatedCompositeFieldContainer[ResultTarget]
    volume_sha256: bytes
    volume_shape: _containers.RepeatedScalarFieldContainer[int]
    voxel_to_lps: _containers.RepeatedScalarFieldContainer[float]
    warnings: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, targets: _Optional[_Iterable[_Union[ResultTarget, _Mapping]]] = ..., outputs: _Optional[_Iterable[_Union[Output, _Mapping]]] = ..., model: _Optional[_Union[ModelIdentity, _Mapping]] = ..., volume_sha256: _Optional[bytes] = ..., stage_times: _Optional[_Iterable[_Union[StageTime, _Mapping]]] = ..., warnings: _Optional[_Iterable[str]] = ..., volume_shape: _Optional[_Iterable[int]] = ..., voxel_to_lps: _Optional[_Iterable[float]] = ..., passed_over: _Optional[_Iterable[_Union[PassedOver, _Mapping]]] = ...) -> None: ...

class StageTime(_message.Message):
    __slots__ = ["seconds", "stage"]
    SECONDS_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    seconds: float
    stage: Stage
    def __init__(self, stage: _Optional[_Union[Stage, str]] = ..., seconds: _Optional[float] = ...) -> None: ...

class Target(_message.Message):
    __slots__ = ["average_looks", "category", "colour", "label", "prompts", "type"]
    AVERAGE_LOOKS_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    COLOUR_FIELD_NUMBER: _ClassVar[int]
    LABEL_FIELD_NUMBER: _ClassVar[int]
    PROMPTS_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    average_looks: bool
    category: Code
    colour: Rgb
    label: str
    prompts: Prompts
    type: Code
    def __init__(self, prompts: _Optional[_Union[Prompts, _Mapping]] = ..., label: _Optional[str] = ..., category: _Optional[_Union[Code, _Mapping]] = ..., type: _Optional[_Union[Code, _Mapping]] = ..., colour: _Optional[_Union[Rgb, _Mapping]] = ..., average_looks: bool = ...) -> None: ...

class VolumeSource(_message.Message):
    __slots__ = ["delivery", "dicom", "modality", "nifti", "raw", "sha256", "size_bytes"]
    DELIVERY_FIELD_NUMBER: _ClassVar[int]
    DICOM_FIELD_NUMBER: _ClassVar[int]
    MODALITY_FIELD_NUMBER: _ClassVar[int]
    NIFTI_FIELD_NUMBER: _ClassVar[int]
    RAW_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    delivery: Delivery
    dicom: DicomSeries
    modality: str
    nifti: Nifti
    raw: RawVolume
    sha256: bytes
    size_bytes: int
    def __init__(self, dicom: _Optional[_Union[DicomSeries, _Mapping]] = ..., nifti: _Optional[_Union[Nifti, _Mapping]] = ..., raw: _Optional[_Union[RawVolume, _Mapping]] = ..., size_bytes: _Optional[int] = ..., sha256: _Optional[bytes] = ..., delivery: _Optional[_Union[Delivery, str]] = ..., modality: _Optional[str] = ...) -> None: ...

class VoxelPoint(_message.Message):
    __slots__ = ["i", "j", "k"]
    I_FIELD_NUMBER: _ClassVar[int]
    J_FIELD_NUMBER: _ClassVar[int]
    K_FIELD_NUMBER: _ClassVar[int]
    i: float
    j: float
    k: float
    def __init__(self, i: _Optional[float] = ..., j: _Optional[float] = ..., k: _Optional[float] = ...) -> None: ...

class Priority(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = []

class Delivery(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = []

class SampleType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = []

class Polarity(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = []

class AxisOrder(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = []

class MaskFormat(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = []

class Stage(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = []

class PromptKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = []

class OutputKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = []
