#include "core/transform/finer_spacing.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace sgpsam {

std::optional<double> FinerSpacing(double extent_mm, int64_t patch, double spacing_mm,
                                   const Geometry& geometry, double finest_mm) {
  const double voxels = static_cast<double>(patch);
  if (extent_mm >= kSmallShare * voxels * spacing_mm) return std::nullopt;
  const std::array<double, 3> own = geometry.spacing_mm();
  const double finest = std::max(finest_mm, *std::min_element(own.begin(), own.end()) / 2);
  const double wanted = std::max(finest, extent_mm / (kFinerShare * voxels));
  const double finer = std::ceil(wanted * 16) / 16;
  return finer <= kWorthwhile * spacing_mm ? std::optional<double>(finer) : std::nullopt;
}

}  // namespace sgpsam
