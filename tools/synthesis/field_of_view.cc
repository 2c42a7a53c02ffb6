#include "tools/synthesis/field_of_view.h"

#include <algorithm>
#include <cstdint>

namespace sgpsam::synthesis {
namespace {

// What is painted along the body: from the pelvis to the chest.
constexpr float kLowest = -215, kHighest = 165;

// The middle of a field of `extent` mm between low and high that has `focus` in its middle three fifths; the
// middle between low and high if the field is larger.
float Middle(float extent, float focus, float low, float high, Random& random) {
  const float wanted = focus + extent * random.Uniform(-0.3f, 0.3f);
  if (extent >= high - low) return 0.5f * (low + high) + random.Uniform(-6, 6);
  return std::clamp(wanted, low + extent / 2, high - extent / 2);
}

}  // namespace

std::array<double, 3> DrawSpacing(Random random) {
  constexpr std::array<double, 8> kSlices = {1, 1.25, 1.5, 2, 2.5, 3, 4, 5};
  // Exact in every format, as kSlices.
  const double in_plane = static_cast<double>(45 + random.Below(13)) / 64;
  return {in_plane, in_plane, kSlices[random.Below(kSlices.size())]};
}

View ChooseView(const Shape& shape, const std::array<double, 3>& spacing_mm, const BodyPoint& focus,
                const Torso& torso, Random random) {
  View view;
  view.shape = shape;
  std::array<float, 3> half_between{};  // from the middle to the first voxel
  const std::array<int64_t, 3> sizes = {shape.i, shape.j, shape.k};
  std::array<float, 3> extent{};
  for (int axis = 0; axis < 3; ++axis) {
    view.spacing_mm[axis] = static_cast<float>(spacing_mm[axis]);
    extent[axis] = view.spacing_mm[axis] * static_cast<float>(sizes[axis]);
    half_between[axis] = view.spacing_mm[axis] * static_cast<float>(sizes[axis] - 1) / 2;
  }
  const float width = torso.half_width() + 8, depth = torso.half_depth() + 8;
  const BodyPoint middle{Middle(extent[0], focus.x, -width, width, random),
                         Middle(extent[1], focus.y, -depth, depth, random),
                         Middle(extent[2], focus.z, kLowest, kHighest, random)};
  view.first = middle - BodyPoint{half_between[0], half_between[1], half_between[2]};
  return view;
}

}  // namespace sgpsam::synthesis
