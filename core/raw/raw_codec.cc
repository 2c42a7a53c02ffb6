#include "core/raw/raw_codec.h"

#include <array>
#include <cmath>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/base/reason.h"
#include "core/base/status_macros.h"

namespace sgpsam {
namespace {

constexpr double kMinSpacingMm = 1e-3, kMaxSpacingMm = 1e3;
constexpr double kRightAngleTolerance = 1e-3;

absl::Status Invalid(absl::string_view message) { return InvalidArgument(Reason::kInvalidGeometry, message); }

absl::Status CheckCount(absl::string_view what, size_t count, size_t expected) {
  if (count == expected) return absl::OkStatus();
  return Invalid(absl::StrCat("the volume's ", what, " must have ", expected, " values, not ", count));
}

absl::StatusOr<Shape> CheckShape(const RawDescription& description) {
  RETURN_IF_ERROR(CheckCount("shape", description.shape.size(), 3));
  for (uint32_t n : description.shape) {
    if (n < 1 || n > Geometry::kMaxAxis) {
      return Invalid(absl::StrCat("each axis of a volume has 1 to ", Geometry::kMaxAxis, " voxels, not ", n));
    }
  }
  const Shape shape{description.shape[0], description.shape[1], description.shape[2]};
  if (shape.voxels() > Geometry::kMaxVoxels) {
    return InvalidArgument(
        Reason::kVolumeTooLarge,
        absl::StrCat("a volume has at most ", Geometry::kMaxVoxels, " voxels, not ", shape.voxels()));
  }
  return shape;
}

absl::Status CheckSpacing(const std::vector<double>& spacing) {
  RETURN_IF_ERROR(CheckCount("spacing", spacing.size(), 3));
  for (double mm : spacing) {
    if (!(mm >= kMinSpacingMm && mm <= kMaxSpacingMm)) {
      return Invalid(absl::StrCat("the volume's spacing must be numbers from ", kMinSpacingMm, " to ",
                                  kMaxSpacingMm, " mm"));
    }
  }
  return absl::OkStatus();
}

// The columns of a row-major 3x3, each a unit vector and at right angles to the others.
absl::StatusOr<std::array<WorldPoint, 3>> CheckDirection(const std::vector<double>& m) {
  RETURN_IF_ERROR(CheckCount("direction", m.size(), 9));
  std::array<WorldPoint, 3> columns;
  for (size_t c = 0; c < 3; ++c) {
    const double length = std::hypot(m[c], m[3 + c], m[6 + c]);
    if (!(std::abs(length - 1) <= kRightAngleTolerance)) {
      return Invalid(
          "each column of the volume's direction must be a unit vector, the direction in which its index "
          "grows");
    }
    columns[c] = {m[c] / length, m[3 + c] / length, m[6 + c] / length};
  }
  for (size_t c = 0; c < 3; ++c) {
    const WorldPoint &a = columns[c], &b = columns[(c + 1) % 3];
    if (std::abs(a.x * b.x + a.y * b.y + a.z * b.z) > kRightAngleTolerance) {
      return Invalid("the columns of the volume's direction must be at right angles");
    }
  }
  return columns;
}

}  // namespace

absl::StatusOr<Geometry> RawGeometry(const RawDescription& description) {
  ASSIGN_OR_RETURN(const Shape shape, CheckShape(description));
  RETURN_IF_ERROR(CheckSpacing(description.spacing_mm));
  WorldPoint origin;
  if (!description.origin_lps.empty()) {
    RETURN_IF_ERROR(CheckCount("origin", description.origin_lps.size(), 3));
    origin = {description.origin_lps[0], description.origin_lps[1], description.origin_lps[2]};
  }
  std::array<WorldPoint, 3> steps{{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};
  if (!description.direction_lps.empty()) {
    ASSIGN_OR_RETURN(steps, CheckDirection(description.direction_lps));
  }
  for (size_t n = 0; n < 3; ++n) {
    const double mm = description.spacing_mm[n];
    steps[n] = {steps[n].x * mm, steps[n].y * mm, steps[n].z * mm};
  }
  return Geometry::Create(shape, origin, steps);
}

absl::StatusOr<uint64_t> RawPayloadBytes(const RawDescription& description) {
  ASSIGN_OR_RETURN(const Shape shape, CheckShape(description));
  return static_cast<uint64_t>(shape.voxels()) * BytesPerSample(description.sample_type);
}

absl::StatusOr<Volume> ReadRaw(const RawDescription& description, ByteBuffer samples) {
  ASSIGN_OR_RETURN(const Geometry geometry, RawGeometry(description));
  return Volume::Create(geometry, description.sample_type, std::move(samples));
}

}  // namespace sgpsam
