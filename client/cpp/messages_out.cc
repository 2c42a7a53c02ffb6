// Plain values -> messages.
#include <zlib.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "client/cpp/messages.h"
#include "core/base/status_macros.h"

namespace sgpsam::client {
namespace {

static_assert(std::endian::native == std::endian::little,
              "samples travel little endian and are not swapped here");

void FillRaw(const RawGrid& grid, v1::RawVolume& raw) {
  raw.mutable_shape()->Assign(grid.shape.begin(), grid.shape.end());
  raw.set_sample_type(static_cast<v1::SampleType>(grid.sample_type));
  raw.mutable_spacing_mm()->Assign(grid.spacing_mm.begin(), grid.spacing_mm.end());
  raw.mutable_origin_lps()->Assign(grid.origin_lps.begin(), grid.origin_lps.end());
  raw.mutable_direction_lps()->Assign(grid.direction_lps.begin(), grid.direction_lps.end());
}

absl::Status FillVolume(const SegmentRequest& request, v1::VolumeSource& source) {
  const Volume& volume = request.volume;
  if (volume.size_bytes() == 0) return absl::InvalidArgumentError("the volume has no bytes");
  switch (volume.kind()) {
    case Volume::Kind::kDicom:
      for (const std::string& file : volume.parts())
        source.mutable_dicom()->add_file_sizes_bytes(file.size());
      break;
    case Volume::Kind::kNifti: source.mutable_nifti(); break;
    case Volume::Kind::kRaw: FillRaw(volume.grid(), *source.mutable_raw()); break;
  }
  source.set_modality(request.modality);
  source.set_size_bytes(volume.size_bytes());
  source.set_delivery(request.upload_without_asking ? v1::DELIVERY_PAYLOAD : v1::DELIVERY_BY_DIGEST);
  if (!request.upload_without_asking) source.set_sha256(volume.sha256());
  return absl::OkStatus();
}

// Message is PatientPoint or VoxelPoint, which name their three numbers differently.
void FillPosition(const Position& position, v1::PatientPoint& point) {
  point.set_x(position.at[0]);
  point.set_y(position.at[1]);
  point.set_z(position.at[2]);
}

void FillPosition(const Position& position, v1::VoxelPoint& point) {
  point.set_i(position.at[0]);
  point.set_j(position.at[1]);
  point.set_k(position.at[2]);
}

v1::Polarity PolarityOf(bool positive) { return positive ? v1::POLARITY_POSITIVE : v1::POLARITY_NEGATIVE; }

void FillClick(const Click& click, v1::PointPrompt& point) {
  if (click.position.space == Position::Space::kVoxel) {
    FillPosition(click.position, *point.mutable_voxel());
  } else {
    FillPosition(click.position, *point.mutable_patient());
  }
  point.set_polarity(PolarityOf(click.positive));
}

// The corners of a box or the ends of a line; `what` names them.
template <typename Prompt, typename Message>
absl::Status FillEnds(const Prompt& prompt, const char* what, Message& message) {
  if (prompt.a.space != prompt.b.space) {
    return absl::InvalidArgumentError(
        absl::StrCat(what, " must both be patient positions or both be voxels"));
  }
  if (prompt.a.space == Position::Space::kVoxel) {
    FillPosition(prompt.a, *message.mutable_voxel_a());
    FillPosition(prompt.b, *message.mutable_voxel_b());
  } else {
    FillPosition(prompt.a, *message.mutable_patient_a());
    FillPosition(prompt.b, *message.mutable_patient_b());
  }
  return absl::OkStatus();
}

absl::Status FillBox(const Box& box, v1::BoxPrompt& message) {
  message.set_polarity(PolarityOf(box.positive));
  return FillEnds(box, "a box's corners", message);
}

absl::StatusOr<std::string> Deflate(const std::string& bits) {
  uLongf size = compressBound(bits.size());
  std::string out(size, '\0');
  if (compress(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(bits.data()),
               bits.size()) != Z_OK) {
    return absl::ResourceExhaustedError("not enough memory to deflate the mask prompt");
  }
  out.resize(size);
  return out;
}

absl::Status FillMask(const MaskPrompt& mask, v1::MaskPrompt& message) {
  ASSIGN_OR_RETURN(*message.mutable_zlib_bits(), Deflate(mask.bits));
  message.mutable_shape()->Assign(mask.shape.begin(), mask.shape.end());
  const bool i_fastest = mask.order == AxisOrder::kIFastest;
  message.set_axis_order(i_fastest ? v1::AXIS_ORDER_I_FASTEST : v1::AXIS_ORDER_K_FASTEST);
  return absl::OkStatus();
}

// The voxels of a part of a volume; a box of it, ends excluded.
struct Part {
  std::array<uint64_t, 3> begin{}, end{};
};

// Where bit `n` of a mask lies.
std::array<uint64_t, 3> VoxelOf(uint64_t n, const MaskPrompt& mask) {
  const auto [i, j, k] = mask.shape;
  if (mask.order == AxisOrder::kIFastest) return {n % i, n / i % j, n / i / j};
  return {n / k / j, n / k % j, n % k};
}

bool BitAt(const std::string& bits, uint64_t n) {
  return (static_cast<unsigned char>(bits[n >> 3]) >> (n & 7) & 1) != 0;
}

// Calls visit(n) for every set bit.
template <typename Visitor>
void VisitBits(const std::string& bits, uint64_t count, Visitor&& visit) {
  for (uint64_t byte = 0; byte < bits.size(); ++byte) {
    if (bits[byte] == 0) continue;
    for (uint64_t n = byte * 8; n < std::min(byte * 8 + 8, count); ++n) {
      if (BitAt(bits, n)) visit(n);
    }
  }
}

// Of a scribble only the part that has marks, i fastest; all of it if it has none, which the server refuses.
absl::Status FillScribble(const Scribble& scribble, v1::ScribblePrompt& message) {
  const MaskPrompt& mask = scribble.part;
  const uint64_t voxels = uint64_t{mask.shape[0]} * mask.shape[1] * mask.shape[2];
  if (mask.bits.size() != (voxels + 7) / 8) {
    return absl::InvalidArgumentError(absl::StrCat("a scribble of ", voxels, " voxels has ", (voxels + 7) / 8,
                                                   " bytes of bits, not ", mask.bits.size()));
  }
  Part part{{UINT64_MAX, UINT64_MAX, UINT64_MAX}, {}};
  VisitBits(mask.bits, voxels, [&](uint64_t n) {
    const std::array<uint64_t, 3> at = VoxelOf(n, mask);
    for (size_t a = 0; a < 3; ++a) {
      part.begin[a] = std::min(part.begin[a], at[a]);
      part.end[a] = std::max(part.end[a], at[a] + 1);
    }
  });
  if (part.end[0] == 0) part = {{0, 0, 0}, {1, 1, 1}};
  std::array<uint64_t, 3> size{};
  for (size_t a = 0; a < 3; ++a) {
    size[a] = part.end[a] - part.begin[a];
    message.add_shape(static_cast<uint32_t>(size[a]));
    message.add_first_voxel(static_cast<uint32_t>(scribble.first[a] + part.begin[a]));
  }
  std::string bits((size[0] * size[1] * size[2] + 7) / 8, '\0');
  VisitBits(mask.bits, voxels, [&](uint64_t n) {
    const std::array<uint64_t, 3> at = VoxelOf(n, mask);
    const uint64_t m =
        ((at[2] - part.begin[2]) * size[1] + at[1] - part.begin[1]) * size[0] + at[0] - part.begin[0];
    bits[m >> 3] = static_cast<char>(static_cast<unsigned char>(bits[m >> 3]) | 1u << (m & 7));
  });
  ASSIGN_OR_RETURN(*message.mutable_zlib_bits(), Deflate(bits));
  message.set_axis_order(v1::AXIS_ORDER_I_FASTEST);
  message.set_polarity(PolarityOf(scribble.positive));
  return absl::OkStatus();
}

absl::Status FillPrevious(const PreviousLogits& previous, bool inline_samples, v1::PreviousLogits& message) {
  if (previous.patch) {
    const auto& [x, y, z] = previous.patch->centre_lps_mm;
    FillPosition(Position::PatientMm(x, y, z), *message.mutable_patch()->mutable_centre());
    message.mutable_patch()->set_spacing_mm(previous.patch->spacing_mm);
  }
  if (!previous.sha256.empty() && !(inline_samples && !previous.samples.empty())) {
    message.set_sha256(previous.sha256);
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(*message.mutable_samples(), LogitsBytes(previous.samples));
  return absl::OkStatus();
}

void FillCode(const std::optional<Code>& code, v1::Code* (v1::Target::*make)(), v1::Target& target) {
  if (!code) return;
  v1::Code& message = *(target.*make)();
  message.set_value(code->value);
  message.set_scheme(code->scheme);
  message.set_meaning(code->meaning);
}

absl::Status FillPrompts(const Target& target, bool inline_logits, v1::Prompts& prompts) {
  for (const Click& click : target.clicks) FillClick(click, *prompts.add_points());
  for (const Box& box : target.boxes) {
    // Servers that know one box only read this one.
    const bool first = &box == &target.boxes.front() && box.positive;
    RETURN_IF_ERROR(FillBox(box, first ? *prompts.mutable_box() : *prompts.add_boxes()));
  }
  for (const Line& line : target.lines) {
    RETURN_IF_ERROR(FillEnds(line, "a line's ends", *prompts.add_lines()));
  }
  for (const Scribble& scribble : target.scribbles) {
    RETURN_IF_ERROR(FillScribble(scribble, *prompts.add_scribbles()));
  }
  if (target.previous) {
    RETURN_IF_ERROR(FillPrevious(*target.previous, inline_logits, *prompts.mutable_previous_logits()));
  }
  if (target.mask) return FillMask(*target.mask, *prompts.mutable_mask());
  return absl::OkStatus();
}

absl::Status FillTarget(const Target& target, bool inline_logits, v1::Target& message) {
  message.set_label(target.label);
  FillCode(target.category, &v1::Target::mutable_category, message);
  FillCode(target.type, &v1::Target::mutable_type, message);
  if (target.average_looks) message.set_average_looks(*target.average_looks);
  if (target.rgb) {
    message.mutable_colour()->set_red((*target.rgb)[0]);
    message.mutable_colour()->set_green((*target.rgb)[1]);
    message.mutable_colour()->set_blue((*target.rgb)[2]);
  }
  return FillPrompts(target, inline_logits, *message.mutable_prompts());
}

void FillSegSeries(const SegSeries& series, v1::SegSeries& message) {
  message.set_series_uid(series.series_uid);
  message.set_series_description(series.series_description);
  message.set_series_number(series.series_number);
  message.set_instance_number(series.instance_number);
  message.set_content_label(series.content_label);
  message.set_creator(series.creator);
}

absl::Status FillInference(const SegmentRequest& request, v1::InferenceOptions& inference) {
  if (request.spacing_mm && request.auto_spacing) {
    return absl::InvalidArgumentError("give spacing_mm or auto_spacing, not both");
  }
  inference.set_max_patches(request.max_patches);
  if (request.spacing_mm) inference.set_spacing_mm(*request.spacing_mm);
  if (request.auto_spacing) inference.set_auto_spacing(true);
  if (request.max_looks) inference.set_max_looks(*request.max_looks);
  if (request.max_steps) inference.set_max_steps(*request.max_steps);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<v1::SegmentHeader> MakeHeader(const SegmentRequest& request) {
  v1::SegmentHeader header;
  RETURN_IF_ERROR(FillVolume(request, *header.mutable_volume()));
  for (const Target& target : request.targets) {
    // A payload starts right after Accepted, so that no question about logits could be answered in time.
    RETURN_IF_ERROR(FillTarget(target, request.upload_without_asking, *header.add_targets()));
  }
  header.mutable_output()->set_format(static_cast<v1::MaskFormat>(request.format));
  header.mutable_output()->set_probabilities(request.probabilities);
  header.mutable_output()->set_uncertainty(request.uncertainty);
  header.mutable_output()->set_logits(request.logits);
  if (request.seg_series) FillSegSeries(*request.seg_series, *header.mutable_output()->mutable_seg_series());
  header.mutable_output()->set_upright(request.upright);
  header.set_idempotency_key(request.idempotency_key);
  header.set_priority(static_cast<v1::Priority>(request.priority));
  if (request.clamp) {
    header.mutable_preprocessing()->set_has_clamp(true);
    header.mutable_preprocessing()->set_clamp_min(request.clamp->first);
    header.mutable_preprocessing()->set_clamp_max(request.clamp->second);
  }
  RETURN_IF_ERROR(FillInference(request, *header.mutable_inference()));
  return header;
}

absl::StatusOr<std::string> LogitsBytes(const std::vector<float>& samples) {
  if (samples.empty()) return absl::InvalidArgumentError("previous logits have neither digest nor samples");
  return std::string(reinterpret_cast<const char*>(samples.data()), samples.size() * sizeof(float));
}

}  // namespace sgpsam::client
