#include "core/looks/spacings.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/engine/engine.h"

namespace sgpsam {

std::vector<double> WiderSpacings(double first_mm, double last_mm) {
  if (first_mm > kLookPolicy.worthwhile * last_mm) return {};
  const double range = last_mm / first_mm;
  const int steps = static_cast<int>(std::ceil(std::log(range) / std::log(kLookPolicy.wider_by)));
  std::vector<double> wider;
  for (int step = 1; step < steps; ++step) {
    wider.push_back(std::round(16 * first_mm * std::pow(range, static_cast<double>(step) / steps)) / 16);
  }
  wider.push_back(last_mm);
  return wider;
}

std::vector<double> Rungs(double first_mm, double coarsest_mm) {
  std::vector<double> rungs{first_mm};
  for (const double last_mm : {kUsualSpacingMm, coarsest_mm}) {
    const std::vector<double> wider = WiderSpacings(rungs.back(), last_mm);
    rungs.insert(rungs.end(), wider.begin(), wider.end());
  }
  return rungs;
}

double SpacingWithRoom(double extent_mm, int64_t patch, absl::Span<const double> spacings_mm) {
  const auto has_room = [&](double spacing_mm) {
    return extent_mm <= kLookPolicy.roomy_share * static_cast<double>(patch) * spacing_mm;
  };
  const auto* found = std::find_if(spacings_mm.begin(), spacings_mm.end(), has_room);
  return found == spacings_mm.end() ? spacings_mm.back() : *found;
}

std::optional<double> FinerSpacing(double extent_mm, int64_t patch, double spacing_mm,
                                   const Geometry& geometry, double finest_mm) {
  const double voxels = static_cast<double>(patch);
  if (extent_mm >= kLookPolicy.small_share * voxels * spacing_mm) return std::nullopt;
  const std::array<double, 3> own = geometry.spacing_mm();
  const double finest = std::max(finest_mm, *std::min_element(own.begin(), own.end()) / 2);
  const double wanted = std::max(finest, extent_mm / (kLookPolicy.finer_share * voxels));
  const double finer = std::ceil(wanted * 16) / 16;
  return finer <= kLookPolicy.worthwhile * spacing_mm ? std::optional<double>(finer) : std::nullopt;
}

}  // namespace sgpsam
