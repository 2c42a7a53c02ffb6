#include "tools/synthesis/generic_shapes.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "tools/synthesis/shapes.h"
#include "tools/synthesis/smooth_field.h"

namespace sgpsam::synthesis {
namespace {

constexpr float kSmallest = 6, kLargest = 80;  // mm

// Any of them: exactly one is set, and a field may deform it.
struct Form {
  std::optional<Ellipsoid> ellipsoid;
  std::optional<RoundedBox> box;
  Tube tube;
  std::optional<SmoothField> field;
  float height = 0;  // of the deformation, mm

  float DistanceTo(const BodyPoint& p) const {
    const float plain = ellipsoid ? ellipsoid->Distance(p) : box ? box->Distance(p) : Distance(tube, p);
    return field ? plain + height * field->At(p) : plain;
  }
  Bounds bounds() const {
    const Bounds plain = ellipsoid ? ellipsoid->bounds() : box ? box->bounds() : BoundsOf(tube);
    return plain.Grown(height);
  }
};

Tube DrawTube(const BodyPoint& centre, float size, Random& random) {
  std::vector<TubeKnot> knots;
  const float radius = std::clamp(size * random.Uniform(0.12f, 0.3f), 3.0f, 12.0f);
  BodyPoint heading = random.Direction(), at = centre - heading * (0.5f * size);
  constexpr int kKnots = 4;
  for (int n = 0; n < kKnots; ++n) {
    knots.push_back({at, radius * random.Uniform(0.7f, 1.2f)});
    const BodyPoint turned = heading + random.Direction() * 0.7f;
    heading = turned * (1 / std::max(0.2f, Length(turned)));
    at = at + heading * (size / (kKnots - 1));
  }
  return MakeTube(knots, 4);
}

Form DrawForm(const BodyPoint& centre, float size, Random& random) {
  const auto half = [&] { return 0.5f * size * random.Uniform(0.5f, 1.0f); };
  Form form;
  switch (random.Below(4)) {
    case 0: form.tube = DrawTube(centre, size, random); return form;
    case 1: {
      const BodyPoint sides{half(), half(), half()};
      const float rounding = std::min({sides.x, sides.y, sides.z}) * random.Uniform(0.15f, 0.6f);
      form.box = RoundedBox{centre, sides, rounding, RandomAxes(random)};
      return form;
    }
    case 2:  // a blob: a deformed ellipsoid
      form.height = 0.5f * size * random.Uniform(0.15f, 0.4f);
      form.field.emplace(0.5f * size * random.Uniform(0.8f, 1.3f), random.Fork(random.Next()));
      [[fallthrough]];
    default: form.ellipsoid = Ellipsoid{centre, {half(), half(), half()}, RandomAxes(random)};
  }
  return form;
}

class Planner {
 public:
  Planner(const Canvas& canvas, Random random)
      : canvas_(canvas), random_(random), taken_(canvas.view().voxels()) {}

  std::vector<GenericShape> Plan() {
    const auto count = 3 + random_.Below(6);
    for (uint64_t n = 0; n < count; ++n) PlanOne();
    return std::move(shapes_);
  }

 private:
  void PlanOne() {
    constexpr int kTries = 12;
    for (int n = 0; n < kTries; ++n) {
      const size_t at = random_.Below(canvas_.view().voxels());
      if (canvas_.structures()[at] == static_cast<uint8_t>(Structure::kOutside)) continue;
      GenericShape shape = Draw(at);
      if (!Fits(shape.raster)) continue;
      for (const RasterVoxel& voxel : shape.raster.voxels) taken_[voxel.voxel] = true;
      shapes_.push_back(std::move(shape));
      return;
    }
  }

  GenericShape Draw(size_t at) {
    const View& view = canvas_.view();
    const auto n = static_cast<int64_t>(at), row = view.shape.i, slice = row * view.shape.j;
    const BodyPoint centre = view.At(n % row, n / row % view.shape.j, n / slice);
    const float size = random_.LogUniform(kSmallest, kLargest);
    const Form form = DrawForm(centre, size, random_);
    GenericShape shape;
    shape.contrast_hu = random_.Sign() * random_.LogUniform(12, 120);
    shape.see_through = random_.Chance(0.5f);
    shape.raster = Rasterise(
        view, form.bounds(), random_.Uniform(0.4f, 2.5f),
        [&](const BodyPoint& p) { return form.DistanceTo(p); }, [](const BodyPoint&, float) { return 1.0f; });
    return shape;
  }

  // In the body for the most part, and nowhere next to another shape.
  bool Fits(const Raster& raster) const {
    constexpr size_t kFewest = 8;  // voxels that make a shape
    constexpr float kInBody = 0.9f;
    size_t inside = 0;
    for (const RasterVoxel& voxel : raster.voxels) {
      if (Touches(voxel.voxel)) return false;
      const bool outside = canvas_.structures()[voxel.voxel] == static_cast<uint8_t>(Structure::kOutside);
      inside += voxel.labelled && !outside ? 1 : 0;
    }
    return raster.labelled >= kFewest &&
           static_cast<float>(inside) >= kInBody * static_cast<float>(raster.labelled);
  }

  bool Touches(size_t voxel) const {
    const auto row = static_cast<size_t>(canvas_.view().shape.i),
               slice = row * static_cast<size_t>(canvas_.view().shape.j);
    for (const size_t step : {size_t{0}, size_t{1}, row, slice}) {
      if (voxel >= step && taken_[voxel - step]) return true;
      if (voxel + step < taken_.size() && taken_[voxel + step]) return true;
    }
    return false;
  }

  const Canvas& canvas_;
  Random random_;
  std::vector<bool> taken_;
  std::vector<GenericShape> shapes_;
};

}  // namespace

std::vector<GenericShape> PlanGenericShapes(const Canvas& canvas, Random random) {
  return Planner(canvas, random).Plan();
}

}  // namespace sgpsam::synthesis
