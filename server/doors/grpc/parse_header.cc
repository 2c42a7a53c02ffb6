#include "server/doors/grpc/parse_header.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "core/base/reason.h"
#include "core/base/status_macros.h"
#include "core/dicom/dataset/dicom_text.h"
#include "core/dicom/folder/series_choice.h"
#include "core/engine/engine.h"
#include "core/looks/look_policy.h"
#include "core/transform/prompt_refusals.h"
#include "core/transform/resolve_prompts.h"
#include "core/volume/segment_colours.h"
#include "server/segment/outputs/output_format.h"

namespace sgpsam {
namespace {

// `field`: its path in the header, as metadata names it.
template <typename... Parts>
absl::Status Invalid(absl::string_view field, const Parts&... parts) {
  return InvalidArgument(Reason::kInvalidHeader, absl::StrCat(parts...), {{"field", std::string(field)}});
}

// What core found wrong with a field.
absl::Status InField(absl::string_view field, const absl::Status& status) {
  return WithDetail(Prefixed(WithReasonIfNone(status, Reason::kInvalidHeader), absl::StrCat(field, ": ")),
                    "field", field);
}

// --- texts

// A backslash separates values in DICOM, control characters change its meaning.
absl::Status CheckText(absl::string_view text, absl::string_view field, absl::string_view name, size_t min,
                       size_t max) {
  const size_t characters = CountCharacters(text);
  if (characters < min || characters > max) {
    return Invalid(field, name, " has ", characters, " characters; allowed are ", min, " to ", max);
  }
  if (!IsPrintable(text) || absl::StrContains(text, '\\')) {
    return Invalid(field, name, " contains a backslash or a control character; remove it");
  }
  return absl::OkStatus();
}

absl::StatusOr<CodedConcept> ParseCode(const v1::Code& code, absl::string_view field,
                                       absl::string_view name) {
  RETURN_IF_ERROR(CheckText(code.value(), field, absl::StrCat(name, ".value"), 1, 16));
  RETURN_IF_ERROR(CheckText(code.scheme(), field, absl::StrCat(name, ".scheme"), 1, 16));
  RETURN_IF_ERROR(CheckText(code.meaning(), field, absl::StrCat(name, ".meaning"), 1, 64));
  const auto ascii = [](absl::string_view text) { return absl::c_all_of(text, absl::ascii_isascii); };
  if (!ascii(code.value()) || !ascii(code.scheme())) {
    return Invalid(field, name, ": value and scheme must be ASCII");
  }
  if (code.scheme() != "SCT" && code.scheme() != "DCM" && !absl::StartsWith(code.scheme(), "99")) {
    return Invalid(field, name, ".scheme must be SCT, DCM or a private one that begins with 99");
  }
  return CodedConcept{code.value(), code.scheme(), code.meaning()};
}

// --- positions

absl::StatusOr<PromptPosition> Finite(double a, double b, double c, bool patient) {
  if (!std::isfinite(a) || !std::isfinite(b) || !std::isfinite(c)) {
    return Invalid("targets.prompts", "a prompt's coordinate is not a finite number");
  }
  if (patient) return PromptPosition(WorldPoint{a, b, c});
  return PromptPosition(VoxelIndex{a, b, c});
}

absl::StatusOr<PromptPosition> ParsePosition(const v1::PatientPoint& p) {
  return Finite(p.x(), p.y(), p.z(), true);
}
absl::StatusOr<PromptPosition> ParsePosition(const v1::VoxelPoint& p) {
  return Finite(p.i(), p.j(), p.k(), false);
}

absl::StatusOr<PointPrompt> ParsePoint(const v1::PointPrompt& point) {
  if (!v1::Polarity_IsValid(point.polarity()))
    return Invalid("targets.prompts.points.polarity", "a point's polarity is unknown to this server");
  const bool positive = point.polarity() != v1::POLARITY_NEGATIVE;
  if (point.has_patient()) {
    ASSIGN_OR_RETURN(PromptPosition position, ParsePosition(point.patient()));
    return PointPrompt{position, positive};
  }
  if (!point.has_voxel())
    return Invalid("targets.prompts.points", "a point has no position; set patient or voxel");
  ASSIGN_OR_RETURN(PromptPosition position, ParsePosition(point.voxel()));
  return PointPrompt{position, positive};
}

// The two ends of a box or a line. `field`: its path in the header; `name`: what errors call it.
template <typename Message, typename Prompt>
absl::Status ParseEnds(const Message& message, absl::string_view field, absl::string_view name,
                       Prompt& parsed) {
  if (message.has_patient_a() && message.has_patient_b()) {
    ASSIGN_OR_RETURN(parsed.a, ParsePosition(message.patient_a()));
    ASSIGN_OR_RETURN(parsed.b, ParsePosition(message.patient_b()));
  } else if (message.has_voxel_a() && message.has_voxel_b()) {
    ASSIGN_OR_RETURN(parsed.a, ParsePosition(message.voxel_a()));
    ASSIGN_OR_RETURN(parsed.b, ParsePosition(message.voxel_b()));
  } else {
    return Invalid(field, "a ", name, " of the same kind, patient or voxel");
  }
  return absl::OkStatus();
}

absl::StatusOr<BoxPrompt> ParseBox(const v1::BoxPrompt& box, absl::string_view field) {
  BoxPrompt parsed;
  RETURN_IF_ERROR(ParseEnds(box, field, "box needs two corners", parsed));
  if (!v1::Polarity_IsValid(box.polarity())) {
    return Invalid(absl::StrCat(field, ".polarity"), "a box's polarity is unknown to this server");
  }
  parsed.positive = box.polarity() != v1::POLARITY_NEGATIVE;
  return parsed;
}

// Of a mask or a scribble, whose bits travel alike.
template <typename Message>
absl::StatusOr<DeflatedMask> ParseBits(const Message& message, absl::string_view field,
                                       absl::string_view name) {
  DeflatedMask parsed;
  parsed.zlib_bits = message.zlib_bits();
  if (parsed.zlib_bits.empty() || parsed.zlib_bits.size() > kMaxMaskBytes) {
    return Invalid(absl::StrCat(field, ".zlib_bits"), name, " has ", parsed.zlib_bits.size(),
                   " bytes; allowed are 1 to ", kMaxMaskBytes);
  }
  if (message.shape_size() != 3) {
    return Invalid(absl::StrCat(field, ".shape"), name, "'s shape has ", message.shape_size(),
                   " values; send the voxels along i, j and k");
  }
  parsed.shape = {message.shape(0), message.shape(1), message.shape(2)};
  if (message.axis_order() != v1::AXIS_ORDER_I_FASTEST && message.axis_order() != v1::AXIS_ORDER_K_FASTEST) {
    return Invalid(absl::StrCat(field, ".axis_order"), name,
                   "'s axis_order is missing or unknown to this server");
  }
  const bool i_fastest = message.axis_order() == v1::AXIS_ORDER_I_FASTEST;
  parsed.order = i_fastest ? AxisOrder::kIFastest : AxisOrder::kKFastest;
  return parsed;
}

absl::StatusOr<DeflatedScribble> ParseScribble(const v1::ScribblePrompt& scribble, size_t n) {
  const std::string field = "targets.prompts.scribbles";
  DeflatedScribble parsed;
  ASSIGN_OR_RETURN(parsed.part, ParseBits(scribble, field, "a scribble"));
  if (scribble.first_voxel_size() != 0 && scribble.first_voxel_size() != 3) {
    return Invalid(absl::StrCat(field, ".first_voxel"), "a scribble's first_voxel has ",
                   scribble.first_voxel_size(), " values; send i, j and k, or none");
  }
  if (scribble.first_voxel_size() == 3) {
    parsed.first = {scribble.first_voxel(0), scribble.first_voxel(1), scribble.first_voxel(2)};
  }
  if (!v1::Polarity_IsValid(scribble.polarity())) {
    return Invalid(absl::StrCat(field, ".polarity"), "a scribble's polarity is unknown to this server");
  }
  parsed.positive = scribble.polarity() != v1::POLARITY_NEGATIVE;
  const absl::Status part = CheckPart(parsed);
  if (!part.ok()) return OfPrompt("scribble", part, n);
  return parsed;
}

// --- targets

absl::StatusOr<PatchPosition> ParsePatch(const v1::PatchPosition& patch) {
  const v1::PatientPoint& centre = patch.centre();
  if (!patch.has_centre() || !std::isfinite(centre.x()) || !std::isfinite(centre.y()) ||
      !std::isfinite(centre.z())) {
    return Invalid(
        "targets.prompts.previous_logits.patch.centre",
        "previous_logits.patch.centre is missing or not finite; give back ResultTarget.first_patch");
  }
  if (!(patch.spacing_mm() >= kMinSpacingMm && patch.spacing_mm() <= kMaxSpacingMm)) {
    return Invalid("targets.prompts.previous_logits.patch.spacing_mm",
                   "previous_logits.patch.spacing_mm must be ", kMinSpacingMm, " to ", kMaxSpacingMm);
  }
  return PatchPosition{{centre.x(), centre.y(), centre.z()}, patch.spacing_mm()};
}

absl::Status ParsePreviousLogits(const v1::PreviousLogits& logits, const PatchSizes& sizes, Prompts& prompts,
                                 std::optional<Digest>& digest) {
  if (logits.has_patch()) {
    ASSIGN_OR_RETURN(prompts.previous_patch, ParsePatch(logits.patch()));
  }
  if (logits.source_case() == v1::PreviousLogits::kSha256) {
    absl::StatusOr<Digest> named = Digest::FromBytes(logits.sha256());
    if (!named.ok()) return InField("targets.prompts.previous_logits.sha256", named.status());
    digest = *named;
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(prompts.previous_logits, ParseLogits(logits.samples(), sizes));
  return absl::OkStatus();
}

absl::Status TooMany(absl::string_view field, absl::string_view kinds, int count, size_t most) {
  return InvalidArgument(Reason::kTooManyPrompts,
                         absl::StrCat("a target has ", count, " ", kinds, "; at most ", most, " are allowed"),
                         {{"field", std::string(field)}});
}

absl::Status CheckCounts(const v1::Prompts& prompts) {
  if (prompts.points_size() > static_cast<int>(kMaxPoints)) {
    return InvalidArgument(Reason::kTooManyPoints,
                           absl::StrCat("a target has ", prompts.points_size(), " points; at most ",
                                        kMaxPoints, " are allowed"));
  }
  const int boxes = prompts.boxes_size() + (prompts.has_box() ? 1 : 0);
  if (boxes > static_cast<int>(kMaxBoxes)) return TooMany("targets.prompts.boxes", "boxes", boxes, kMaxBoxes);
  if (prompts.lines_size() > static_cast<int>(kMaxLines)) {
    return TooMany("targets.prompts.lines", "lines", prompts.lines_size(), kMaxLines);
  }
  if (prompts.scribbles_size() > static_cast<int>(kMaxScribbles)) {
    return TooMany("targets.prompts.scribbles", "scribbles", prompts.scribbles_size(), kMaxScribbles);
  }
  if (prompts.points_size() + boxes + prompts.lines_size() + prompts.scribbles_size() > 0 ||
      prompts.has_mask() || (prompts.has_previous_logits() && prompts.previous_logits().has_patch())) {
    return absl::OkStatus();
  }
  return InvalidArgument(
      Reason::kNoPositivePrompt,
      "a target needs a point, a box, a line, a scribble, a mask, or previous_logits with their patch",
      {{"field", "targets.prompts"}});
}

absl::Status ParsePrompts(const v1::Prompts& prompts, const PatchSizes& sizes, TargetRequest& target,
                          std::optional<Digest>& logits_digest) {
  RETURN_IF_ERROR(CheckCounts(prompts));
  for (const v1::PointPrompt& point : prompts.points()) {
    ASSIGN_OR_RETURN(PointPrompt parsed, ParsePoint(point));
    target.prompts.points.push_back(parsed);
  }
  if (prompts.has_box()) {
    ASSIGN_OR_RETURN(target.prompts.boxes.emplace_back(), ParseBox(prompts.box(), "targets.prompts.box"));
  }
  for (const v1::BoxPrompt& box : prompts.boxes()) {
    ASSIGN_OR_RETURN(target.prompts.boxes.emplace_back(), ParseBox(box, "targets.prompts.boxes"));
  }
  for (const v1::LinePrompt& line : prompts.lines()) {
    RETURN_IF_ERROR(
        ParseEnds(line, "targets.prompts.lines", "line needs two ends", target.prompts.lines.emplace_back()));
  }
  for (const v1::ScribblePrompt& scribble : prompts.scribbles()) {
    ASSIGN_OR_RETURN(DeflatedScribble parsed, ParseScribble(scribble, target.scribbles.size()));
    target.scribbles.push_back(std::move(parsed));
  }
  if (prompts.has_mask()) {
    if (prompts.has_previous_logits()) {
      return InvalidArgument(Reason::kConflictingPrompts,
                             "a target has a mask and previous logits; send one of them",
                             {{"field", "targets.prompts"}});
    }
    ASSIGN_OR_RETURN(target.mask, ParseBits(prompts.mask(), "targets.prompts.mask", "a mask prompt"));
  }
  if (!prompts.has_previous_logits()) return absl::OkStatus();
  return ParsePreviousLogits(prompts.previous_logits(), sizes, target.prompts, logits_digest);
}

absl::StatusOr<TargetRequest> ParseTarget(const v1::Target& target, size_t index, const PatchSizes& sizes,
                                          std::optional<Digest>& logits_digest) {
  TargetRequest parsed;
  RETURN_IF_ERROR(ParsePrompts(target.prompts(), sizes, parsed, logits_digest));
  RETURN_IF_ERROR(CheckText(target.label(), "targets.label", "a target's label", 0, 64));
  if (!target.label().empty()) parsed.segment.label = target.label();
  if (target.has_category()) {
    ASSIGN_OR_RETURN(parsed.segment.category,
                     ParseCode(target.category(), "targets.category", "a target's category"));
  }
  if (target.has_type()) {
    ASSIGN_OR_RETURN(parsed.segment.type, ParseCode(target.type(), "targets.type", "a target's type"));
  }
  if (target.has_average_looks()) parsed.average_looks = target.average_looks();
  parsed.segment.rgb = SegmentColour(index);
  if (target.has_colour()) {
    const v1::Rgb& rgb = target.colour();
    if (std::max({rgb.red(), rgb.green(), rgb.blue()}) > 255)
      return Invalid("targets.colour", "a colour's parts are 0 to 255");
    parsed.segment.rgb = {static_cast<uint8_t>(rgb.red()), static_cast<uint8_t>(rgb.green()),
                          static_cast<uint8_t>(rgb.blue())};
  }
  return parsed;
}

// --- the volume

absl::StatusOr<SampleType> ParseSampleType(v1::SampleType type) {
  switch (type) {
    case v1::SAMPLE_TYPE_INT8: return SampleType::kInt8;
    case v1::SAMPLE_TYPE_UINT8: return SampleType::kUint8;
    case v1::SAMPLE_TYPE_INT16: return SampleType::kInt16;
    case v1::SAMPLE_TYPE_UINT16: return SampleType::kUint16;
    case v1::SAMPLE_TYPE_INT32: return SampleType::kInt32;
    case v1::SAMPLE_TYPE_UINT32: return SampleType::kUint32;
    case v1::SAMPLE_TYPE_FLOAT32: return SampleType::kFloat32;
    case v1::SAMPLE_TYPE_FLOAT64: return SampleType::kFloat64;
    default: return Invalid("volume.raw.sample_type", "raw.sample_type is missing or unknown to this server");
  }
}

absl::Status ParseRaw(const v1::RawVolume& raw, uint64_t size_bytes, RawDescription& parsed) {
  parsed.shape.assign(raw.shape().begin(), raw.shape().end());
  ASSIGN_OR_RETURN(parsed.sample_type, ParseSampleType(raw.sample_type()));
  parsed.spacing_mm.assign(raw.spacing_mm().begin(), raw.spacing_mm().end());
  parsed.origin_lps.assign(raw.origin_lps().begin(), raw.origin_lps().end());
  parsed.direction_lps.assign(raw.direction_lps().begin(), raw.direction_lps().end());
  const absl::StatusOr<uint64_t> expected = RawPayloadBytes(parsed);
  if (!expected.ok()) return InField("volume.raw", expected.status());
  if (size_bytes != 0 && size_bytes != *expected) {
    return Invalid("volume.size_bytes", "volume.size_bytes is ", size_bytes,
                   ", but the declared shape and sample type make ", *expected, " bytes");
  }
  return absl::OkStatus();
}

absl::Status ParseFiles(const v1::DicomSeries& dicom, uint64_t size_bytes, UploadPlan& upload) {
  const int files = dicom.file_sizes_bytes_size();
  if (files == 0 || files > kMaxSeriesFiles) {
    return InvalidArgument(
        files == 0 ? Reason::kInvalidHeader : Reason::kTooManyFiles,
        absl::StrCat("a DICOM series has ", files, " files; allowed are 1 to ", kMaxSeriesFiles),
        {{"field", "volume.dicom.file_sizes_bytes"}});
  }
  uint64_t sum = 0;  // cannot overflow: kMaxSeriesFiles * 2^31
  for (const uint64_t size : dicom.file_sizes_bytes()) {
    if (size == 0 || size > kMaxFileBytes) {
      return Invalid("volume.dicom.file_sizes_bytes", "a DICOM file has ", size, " bytes; allowed are 1 to ",
                     kMaxFileBytes);
    }
    sum += size;
    upload.part_sizes.push_back(size);
  }
  if (sum != size_bytes) {
    return Invalid("volume.size_bytes", "volume.size_bytes is ", size_bytes,
                   ", but the files' sizes add up to ", sum);
  }
  upload.digest_of_set = true;
  return absl::OkStatus();
}

absl::Status ParseDelivery(const v1::VolumeSource& volume, ParsedHeader& parsed) {
  if (!v1::Delivery_IsValid(volume.delivery()))
    return Invalid("volume.delivery", "volume.delivery is unknown to this server");
  parsed.by_digest = volume.delivery() == v1::DELIVERY_BY_DIGEST;
  if (!volume.sha256().empty()) {
    absl::StatusOr<Digest> expected = Digest::FromBytes(volume.sha256());
    if (!expected.ok()) return InField("volume.sha256", expected.status());
    parsed.upload.expected = *expected;
  }
  if (parsed.by_digest && !parsed.upload.expected) {
    return Invalid("volume.sha256", "DELIVERY_BY_DIGEST needs volume.sha256");
  }
  return absl::OkStatus();
}

absl::Status ParseModality(const v1::VolumeSource& volume, VolumeDescription& parsed) {
  const std::string& modality = volume.modality();
  if (modality.empty()) return absl::OkStatus();
  if (volume.has_dicom())
    return Invalid("volume.modality", "volume.modality: a DICOM series says it itself; leave it out");
  if (!IsCodeString(modality)) {
    return Invalid(
        "volume.modality",
        "volume.modality is not a term of DICOM's Modality: 1 to 16 of A to Z, 0 to 9, space, underscore");
  }
  parsed.modality = modality;
  return absl::OkStatus();
}

absl::Status ParseVolume(const v1::VolumeSource& volume, uint64_t max_bytes, ParsedHeader& parsed) {
  RETURN_IF_ERROR(ParseDelivery(volume, parsed));
  RETURN_IF_ERROR(ParseModality(volume, parsed.request.volume));
  const uint64_t size = volume.size_bytes();
  if (size > max_bytes) {
    return InvalidArgument(
        Reason::kVolumeTooLarge,
        absl::StrCat("volume.size_bytes is ", size, "; this server takes at most ", max_bytes),
        {{"field", "volume.size_bytes"}, {"max_bytes", absl::StrCat(max_bytes)}});
  }
  if (size == 0 && !parsed.by_digest) return Invalid("volume.size_bytes", "volume.size_bytes is missing");
  parsed.upload.size_bytes = size;
  switch (volume.format_case()) {
    case v1::VolumeSource::kDicom:
      parsed.request.volume.kind = VolumeKind::kDicom;
      if (volume.dicom().series().size() > kMaxSeriesName) {
        return Invalid("volume.dicom.series", "dicom.series has ", volume.dicom().series().size(),
                       " bytes; at most ", kMaxSeriesName, " are allowed");
      }
      parsed.request.volume.series = volume.dicom().series();
      return size == 0 ? absl::OkStatus() : ParseFiles(volume.dicom(), size, parsed.upload);
    case v1::VolumeSource::kNifti: parsed.request.volume.kind = VolumeKind::kNifti; break;
    case v1::VolumeSource::kRaw:
      parsed.request.volume.kind = VolumeKind::kRaw;
      RETURN_IF_ERROR(ParseRaw(volume.raw(), size, parsed.request.volume.raw));
      break;
    default: return Invalid("volume", "volume.format is missing; set dicom, nifti or raw");
  }
  parsed.upload.part_sizes = {size};
  return absl::OkStatus();
}

// --- the rest

constexpr absl::string_view kFormatPrefix = "MASK_FORMAT_";

// Texts are UTF-8 by the contract's encoding; core knows what each attribute allows.
absl::StatusOr<SegSeries> ParseSegSeries(const v1::SegSeries& series) {
  SegSeries parsed;
  constexpr uint32_t kMostNumber = 2147483647;  // of IS
  if (series.series_number() > kMostNumber || series.instance_number() > kMostNumber) {
    return Invalid("output.seg_series", "output.seg_series: series_number and instance_number must be 1 to ",
                   kMostNumber);
  }
  parsed.instance_uid = series.series_uid();
  if (!series.series_description().empty()) parsed.description = series.series_description();
  if (series.series_number() != 0) parsed.number = static_cast<int32_t>(series.series_number());
  if (series.instance_number() != 0) parsed.instance_number = static_cast<int32_t>(series.instance_number());
  if (!series.content_label().empty()) parsed.content_label = series.content_label();
  if (!series.creator().empty()) parsed.content_creator_name = series.creator();
  const absl::Status valid = CheckSegSeries(parsed);
  if (!valid.ok()) return InField("output.seg_series", valid);
  return parsed;
}

absl::Status ParseOutput(const v1::OutputOptions& output, SegmentRequest& request) {
  request.probabilities = output.probabilities();
  request.uncertainty = output.uncertainty();
  for (TargetRequest& target : request.targets) {  // without several looks there is no spread to tell
    if (request.uncertainty && !target.average_looks) target.average_looks = true;
  }
  request.logits = output.logits();
  request.upright = output.upright();
  if (output.format() != v1::MASK_FORMAT_UNSPECIFIED) {
    absl::string_view name = v1::MaskFormat_Name(output.format());
    request.format = absl::ConsumePrefix(&name, kFormatPrefix) ? FindOutputFormat(name) : nullptr;
    if (request.format == nullptr) return Invalid("output.format", "output.format is unknown to this server");
  }
  const OutputFormat& format = FormatOf(request);
  if (request.upright && (!format.can_be_upright || request.probabilities || request.uncertainty)) {
    return Invalid("output.upright",
                   "output.upright goes with MASK_FORMAT_NIFTI and without probabilities or uncertainty");
  }
  if (format.of_series && request.volume.kind != VolumeKind::kDicom) {
    return InvalidArgument(
        Reason::kSegNeedsDicom,
        absl::StrCat(kFormatPrefix, format.name, " needs a DICOM series as input; ask for MASK_FORMAT_NIFTI"),
        {{"field", "output.format"}});
  }
  if (!output.has_seg_series()) return absl::OkStatus();
  if (!format.of_series) {
    return Invalid("output.seg_series",
                   "output.seg_series is for a DICOM-SEG; leave it out, or ask for MASK_FORMAT_DICOM_SEG");
  }
  ASSIGN_OR_RETURN(request.seg_series, ParseSegSeries(output.seg_series()));
  return absl::OkStatus();
}

absl::StatusOr<Priority> ParsePriority(v1::Priority priority) {
  switch (priority) {
    case v1::PRIORITY_STAT: return Priority::kStat;
    case v1::PRIORITY_UNSPECIFIED:
    case v1::PRIORITY_ROUTINE: return Priority::kRoutine;
    case v1::PRIORITY_BATCH: return Priority::kBatch;
    default: return Invalid("priority", "priority is unknown to this server");
  }
}

absl::Status ParseClamp(const v1::PreprocessingOptions& options, SegmentRequest& request) {
  if (!options.has_clamp()) return absl::OkStatus();
  const IntensityClamp clamp{options.clamp_min(), options.clamp_max()};
  if (!std::isfinite(clamp.min) || !std::isfinite(clamp.max) || clamp.min >= clamp.max) {
    return Invalid("preprocessing.clamp_min",
                   "preprocessing.clamp_min must be below clamp_max, and both finite");
  }
  request.clamp = clamp;
  return absl::OkStatus();
}

// One of the bounds within max_patches, the first patch not counted.
absl::Status ParseBound(bool given, uint32_t value, absl::string_view field, std::optional<int>& bound) {
  if (!given) return absl::OkStatus();
  if (value >= static_cast<uint32_t>(kLookPolicy.most_patches)) {
    return Invalid(field, field, " is ", value, "; allowed are 0 to ", kLookPolicy.most_patches - 1);
  }
  bound = static_cast<int>(value);
  return absl::OkStatus();
}

absl::Status ParseInference(const v1::InferenceOptions& options, TargetOptions& inference) {
  if (options.max_patches() > kLookPolicy.most_patches) {
    return Invalid("inference.max_patches", "inference.max_patches is ", options.max_patches(),
                   "; allowed are 1 to ", kLookPolicy.most_patches);
  }
  if (options.max_patches() != 0) inference.max_patches = static_cast<int>(options.max_patches());
  RETURN_IF_ERROR(
      ParseBound(options.has_max_looks(), options.max_looks(), "inference.max_looks", inference.max_looks));
  RETURN_IF_ERROR(
      ParseBound(options.has_max_steps(), options.max_steps(), "inference.max_steps", inference.max_steps));
  if (options.has_spacing_mm()) {
    const double spacing = options.spacing_mm();
    if (!(spacing >= kMinSpacingMm && spacing <= kMaxSpacingMm)) {
      return Invalid("inference.spacing_mm", "inference.spacing_mm must be ", kMinSpacingMm, " to ",
                     kMaxSpacingMm);
    }
    inference.spacing_mm = spacing;
  }
  if (options.has_auto_spacing()) inference.auto_spacing = options.auto_spacing();
  return absl::OkStatus();
}

// Which of several targets is wrong.
absl::Status OfTarget(int target, int targets, const absl::Status& status) {
  const absl::Status named = WithDetail(status, "target", absl::StrCat(target + 1));
  return targets == 1 ? named : Prefixed(named, absl::StrCat("target ", target + 1, ": "));
}

// A raw volume's place is known from the header alone: positions outside are refused before the upload.
absl::Status CheckPositionsInside(const SegmentRequest& request, const PatchSizes& sizes) {
  if (request.volume.kind != VolumeKind::kRaw) return absl::OkStatus();
  const absl::StatusOr<Geometry> geometry = RawGeometry(request.volume.raw);
  if (!geometry.ok()) return InField("volume.raw", geometry.status());
  const int targets = static_cast<int>(request.targets.size());
  for (int t = 0; t < targets; ++t) {
    const Prompts& prompts = request.targets[static_cast<size_t>(t)].prompts;
    RETURN_IF_ERROR(OfTarget(t, targets, ResolvePrompts(*geometry, sizes, prompts).status()));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<float>> ParseLogits(absl::string_view samples, const PatchSizes& sizes) {
  const size_t expected = static_cast<size_t>(sizes.logits_floats()) * sizeof(float);
  if (samples.size() != expected) {
    return InvalidArgument(Reason::kInvalidLogits, absl::StrCat("previous logits have ", samples.size(),
                                                                " bytes instead of ", expected));
  }
  std::vector<float> values(samples.size() / sizeof(float));
  std::memcpy(values.data(), samples.data(), samples.size());
  if (!std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); })) {
    return InvalidArgument(Reason::kInvalidLogits, "previous logits contain a number that is not finite");
  }
  return values;
}

absl::StatusOr<ParsedHeader> ParseHeader(const v1::SegmentHeader& header, const ContractLimits& limits) {
  ParsedHeader parsed;
  RETURN_IF_ERROR(ParseVolume(header.volume(), limits.max_volume_bytes, parsed));
  if (header.targets_size() == 0 || header.targets_size() > kMaxTargets) {
    return Invalid("targets", "the header has ", header.targets_size(), " targets; allowed are 1 to ",
                   kMaxTargets);
  }
  for (int t = 0; t < header.targets_size(); ++t) {
    std::optional<Digest> logits_digest;
    absl::StatusOr<TargetRequest> request =
        ParseTarget(header.targets(t), static_cast<size_t>(t), limits.sizes, logits_digest);
    if (!request.ok()) return OfTarget(t, header.targets_size(), request.status());
    parsed.request.targets.push_back(*std::move(request));
    parsed.logits_digests.push_back(logits_digest);
  }
  RETURN_IF_ERROR(ParseOutput(header.output(), parsed.request));
  RETURN_IF_ERROR(ParseClamp(header.preprocessing(), parsed.request));
  RETURN_IF_ERROR(ParseInference(header.inference(), parsed.request.inference));
  ASSIGN_OR_RETURN(parsed.priority, ParsePriority(header.priority()));
  if (header.idempotency_key().size() > kMaxIdempotencyKey) {
    return Invalid("idempotency_key", "idempotency_key has ", header.idempotency_key().size(),
                   " bytes; at most ", kMaxIdempotencyKey, " are allowed");
  }
  parsed.request.idempotency_key = header.idempotency_key();
  RETURN_IF_ERROR(CheckPositionsInside(parsed.request, limits.sizes));
  return parsed;
}

}  // namespace sgpsam
