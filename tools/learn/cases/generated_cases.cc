#include "tools/learn/cases/generated_cases.h"

#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/byte_buffer.h"
#include "core/base/status_macros.h"
#include "tools/synthesis/structures.h"
#include "tools/synthesis/synthetic_case.h"

namespace sgpsam {
namespace {

using synthesis::CaseOptions;
using synthesis::CaseSeed;
using synthesis::Content;
using synthesis::Split;
using synthesis::Structure;
using synthesis::StructureSet;
using synthesis::SynthesizeCase;
using synthesis::SyntheticCase;

// What a promptable model learns before it sees a lesion, besides shapes. Not what fills whole patches: a
// click does not say which part of it is meant.
constexpr StructureSet kPretrainTargets = StructureSet::All().Without(
    {Structure::kOutside, Structure::kLiver, Structure::kLung, Structure::kMuscle, Structure::kFat});

// The kind after those of the structures.
constexpr auto kShapeOrLesion = static_cast<uint8_t>(synthesis::kStructures);
static_assert(kShapeOrLesion <= Case::kMaxKind);

const uint8_t* Samples(const Volume& volume) { return volume.samples().data(); }

// Targets that are numbered from 1 without gaps, as many as occur.
class TargetPainter {
 public:
  static absl::StatusOr<TargetPainter> Create(const Geometry& geometry) {
    ASSIGN_OR_RETURN(ByteBuffer samples,
                     ByteBuffer::Zeroed(static_cast<size_t>(geometry.shape().voxels()) * 2));
    return TargetPainter(geometry, std::move(samples));
  }

  // Each value of `labels` that is `wanted` becomes a target of its own, over what is there.
  // All are of one kind, or else each of the kind of its value.
  void Paint(const Volume& labels, const std::array<bool, 256>& wanted, std::optional<uint8_t> kind) {
    auto* out = reinterpret_cast<uint16_t*>(samples_.data());
    std::array<uint16_t, 256> target{};
    const uint8_t* in = Samples(labels);
    const int64_t voxels = geometry_.shape().voxels();
    for (int64_t n = 0; n < voxels; ++n) {
      if (!wanted[in[n]]) continue;
      if (target[in[n]] == 0) {
        target[in[n]] = static_cast<uint16_t>(++count_);
        kinds_.push_back(kind.value_or(in[n]));
      }
      out[n] = target[in[n]];
    }
  }

  int64_t count() const { return count_; }
  std::vector<uint8_t> kinds() const { return kinds_; }
  absl::StatusOr<Volume> Finish() && {
    return Volume::Create(geometry_, SampleType::kUint16, std::move(samples_));
  }

 private:
  TargetPainter(const Geometry& geometry, ByteBuffer samples)
      : geometry_(geometry), samples_(std::move(samples)) {}

  Geometry geometry_;
  ByteBuffer samples_;
  int64_t count_ = 0;
  std::vector<uint8_t> kinds_;
};

}  // namespace

std::string GeneratedCases::id(int64_t index) const {
  return absl::StrCat("generated-",
                      absl::Hex(CaseSeed(options_.split, options_.seed, static_cast<uint32_t>(index))));
}

absl::StatusOr<Case> GeneratedCases::Read(int64_t index) const {
  if (index < 0 || index >= options_.cases) return absl::OutOfRangeError("no such generated case");
  CaseOptions options;
  options.seed = CaseSeed(options_.split, options_.seed, static_cast<uint32_t>(index));
  options.content = options_.split == Split::kPretrain ? Content::kShapes : Content::kLesions;
  options.shape = options_.shape;
  ASSIGN_OR_RETURN(SyntheticCase made, SynthesizeCase(options));
  ASSIGN_OR_RETURN(TargetPainter targets, TargetPainter::Create(made.image.geometry()));
  std::array<bool, 256> wanted{};
  if (options_.split == Split::kPretrain) {
    for (uint8_t label = 0; label < synthesis::kStructures; ++label)
      wanted[label] = kPretrainTargets.Has(label);
    targets.Paint(made.structures, wanted, std::nullopt);
  }
  wanted.fill(true);
  wanted[0] = false;
  targets.Paint(options_.split == Split::kPretrain ? made.shapes : made.lesions, wanted, kShapeOrLesion);
  Case result;
  result.id = id(index);
  result.image = std::move(made.image);
  result.target_count = targets.count();
  result.kinds = targets.kinds();
  result.modality = "CT";
  ASSIGN_OR_RETURN(result.targets, std::move(targets).Finish());
  return result;
}

}  // namespace sgpsam
