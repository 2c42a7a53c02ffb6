#include "core/dicom/series/geometry_text.h"

#include <array>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "absl/types/span.h"
#include "core/dicom/dataset/dicom_text.h"

namespace sgpsam {
namespace {

constexpr double kSameDirection = 1e-6, kSameSpacing = 1e-6, kSamePositionMm = 1e-3;

void Say(absl::Span<const double> values, double tolerance, std::string& text) {
  const std::optional<std::vector<double>> said = ParseNumbers(text);
  bool same = said && said->size() == values.size();
  for (size_t n = 0; same && n < values.size(); ++n) same = std::abs((*said)[n] - values[n]) <= tolerance;
  if (same) return;
  text = absl::StrJoin(values, "\\", [](std::string* out, double value) { out->append(FormatDs(value)); });
}

}  // namespace

void SayGeometry(const Geometry& geometry, SeriesInfo& info) {
  const std::array<double, 3> spacing = geometry.spacing_mm();
  const WorldPoint &row = geometry.steps()[0], &column = geometry.steps()[1];
  Say({row.x / spacing[0], row.y / spacing[0], row.z / spacing[0], column.x / spacing[1],
       column.y / spacing[1], column.z / spacing[1]},
      kSameDirection, info.image_orientation_patient);
  Say({spacing[1], spacing[0]}, kSameSpacing * spacing[1], info.pixel_spacing);
  for (size_t k = 0; k < info.instances.size(); ++k) {
    const WorldPoint at = geometry.ToWorld({0, 0, static_cast<double>(k)});
    Say({at.x, at.y, at.z}, kSamePositionMm, info.instances[k].image_position_patient);
  }
}

}  // namespace sgpsam
