#include "client/cli/preview/planes.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/volume/world_vector.h"

namespace sgpsam::cli {
namespace {

constexpr double kContext = 2.5;      // a panel shows this many times the segments' extent,
constexpr double kMinFieldMm = 120;   // but at least so much
constexpr double kInSlice = 0.99999;  // cosine between a plane's normal and a stack's: 0.25 degrees

struct Bounds {
  Axes low{{1e300, 1e300, 1e300}}, high{{-1e300, -1e300, -1e300}};
  bool empty() const { return low[0] > high[0]; }
  void Add(const WorldPoint& point) {
    const Axes p = ToAxes(point);
    for (size_t a = 0; a < 3; ++a) {
      low[a] = std::min(low[a], p[a]);
      high[a] = std::max(high[a], p[a]);
    }
  }
  double middle(size_t a) const { return (low[a] + high[a]) / 2; }
  double extent(size_t a) const { return high[a] - low[a]; }
  double largest() const { return std::max({extent(0), extent(1), extent(2)}); }
};

Bounds BoundsOfVolume(const Geometry& geometry) {
  const Shape& shape = geometry.shape();
  Bounds bounds;
  for (int corner = 0; corner < 8; ++corner) {
    bounds.Add(geometry.ToWorld({corner & 1 ? static_cast<double>(shape.i) - 0.5 : -0.5,
                                 corner & 2 ? static_cast<double>(shape.j) - 0.5 : -0.5,
                                 corner & 4 ? static_cast<double>(shape.k) - 0.5 : -0.5}));
  }
  return bounds;
}

template <typename Visit>
void ForEachVoxel(const Geometry& geometry, const Mask& mask, Visit visit) {
  const Shape& shape = mask.shape();
  const auto end = static_cast<uint64_t>(shape.voxels());
  for (uint64_t n = mask.NextVoxel(0); n < end; n = mask.NextVoxel(n + 1)) {
    const auto at = static_cast<int64_t>(n);
    visit(geometry.ToWorld({static_cast<double>(at % shape.i), static_cast<double>(at / shape.i % shape.j),
                            static_cast<double>(at / (shape.i * shape.j))}));
  }
}

WorldPoint NearestVoxel(const Geometry& geometry, const WorldPoint& point) {
  const VoxelIndex at = geometry.ToVoxel(point);
  const Shape& shape = geometry.shape();
  const auto inside = [](double x, int64_t size) {
    return std::clamp(std::round(x), 0.0, static_cast<double>(size - 1));
  };
  return geometry.ToWorld({inside(at.i, shape.i), inside(at.j, shape.j), inside(at.k, shape.k)});
}

struct Focus {
  Bounds bounds;      // of segments and clicks
  WorldPoint centre;  // the middle of a voxel
};

// The centre of mass of a bent or of several segments may lie outside all of them: the nearest voxel of one.
WorldPoint CentreOfSegments(const Scene& scene, Bounds& bounds) {
  const Geometry& geometry = scene.volume.geometry();
  Axes sum{};
  double count = 0;
  for (const DrawnSegment& segment : scene.segments) {
    ForEachVoxel(geometry, segment.mask, [&](const WorldPoint& point) {
      bounds.Add(point);
      for (size_t a = 0; a < 3; ++a) sum[a] += ToAxes(point)[a];
      ++count;
    });
  }
  WorldPoint centre;
  double best = std::numeric_limits<double>::infinity();
  for (const DrawnSegment& segment : scene.segments) {
    ForEachVoxel(geometry, segment.mask, [&](const WorldPoint& point) {
      const Axes p = ToAxes(point);
      const double distance = std::hypot(p[0] - sum[0] / count, p[1] - sum[1] / count, p[2] - sum[2] / count);
      if (distance < best) best = distance, centre = point;
    });
  }
  return centre;
}

Focus FocusOf(const Scene& scene, const Bounds& volume) {
  const Geometry& geometry = scene.volume.geometry();
  Focus focus;
  focus.centre = CentreOfSegments(scene, focus.bounds);
  if (focus.bounds.empty()) {
    focus.centre = NearestVoxel(geometry, {volume.middle(0), volume.middle(1), volume.middle(2)});
  }
  const auto inside = std::find_if(scene.clicks.begin(), scene.clicks.end(),
                                   [](const DrawnClick& click) { return click.positive; });
  if (inside != scene.clicks.end()) focus.centre = NearestVoxel(geometry, inside->at);
  for (const DrawnClick& click : scene.clicks) focus.bounds.Add(click.at);
  return focus;
}

double Along(const WorldPoint& p, size_t axis) { return ToAxes(p)[axis]; }

// The volume's axis on which a plane through `axis` of the patient is a slice.
std::optional<size_t> SliceAxis(const Geometry& geometry, size_t axis) {
  for (size_t a = 0; a < 3; ++a) {
    const WorldPoint normal = Cross(geometry.steps()[(a + 1) % 3], geometry.steps()[(a + 2) % 3]);
    if (std::abs(Along(normal, axis)) >= kInSlice * Length(normal)) return a;
  }
  return std::nullopt;
}

std::optional<SliceNumber> SliceOf(const Geometry& geometry, const WorldPoint& centre, size_t axis) {
  const std::optional<size_t> a = SliceAxis(geometry, axis);
  if (!a) return std::nullopt;
  const VoxelIndex at = geometry.ToVoxel(centre);
  const Shape& shape = geometry.shape();
  const double index[] = {at.i, at.j, at.k};
  const int64_t sizes[] = {shape.i, shape.j, shape.k};
  return SliceNumber{std::llround(index[*a]) + 1, sizes[*a]};
}

}  // namespace

WorldPoint View::At(const Plane& plane, double x, double y) const {
  Axes p = middle;
  p[plane.across] += (x - (pixels - 1) / 2.0) * mm_per_pixel;
  p[plane.down] += plane.down_sign * (y - (pixels - 1) / 2.0) * mm_per_pixel;
  return {p[0], p[1], p[2]};
}

Picture::Point View::PixelOf(const Plane& plane, const WorldPoint& point) const {
  const Axes p = ToAxes(point);
  return {(p[plane.across] - middle[plane.across]) / mm_per_pixel + (pixels - 1) / 2.0,
          plane.down_sign * (p[plane.down] - middle[plane.down]) / mm_per_pixel + (pixels - 1) / 2.0};
}

Views ChooseViews(const Scene& scene, int pixels) {
  const Geometry& geometry = scene.volume.geometry();
  const Bounds volume = BoundsOfVolume(geometry);
  const Focus focus = FocusOf(scene, volume);
  const double wanted = focus.bounds.empty() ? volume.largest() : kContext * focus.bounds.largest();
  const double field = std::min(std::max(wanted, kMinFieldMm), volume.largest());
  View view;
  view.pixels = pixels;
  view.mm_per_pixel = field / pixels;
  for (size_t a = 0; a < 3; ++a) {
    const double at = focus.bounds.empty() ? Along(focus.centre, a) : focus.bounds.middle(a);
    view.middle[a] = volume.extent(a) <= field
                         ? volume.middle(a)
                         : std::clamp(at, volume.low[a] + field / 2, volume.high[a] - field / 2);
  }
  Views views;
  for (size_t n = 0; n < kPlanes.size(); ++n) {
    const size_t through = kPlanes[n].through;
    views.of_plane[n] = view;
    views.of_plane[n].middle[through] = Along(focus.centre, through);
    views.slice[n] = SliceOf(geometry, focus.centre, through);
  }
  return views;
}

bool LiesIn(const Plane& plane, const View& view, const WorldPoint& point, const Geometry& geometry) {
  double thickness = 0;  // of a voxel, along the plane's normal
  for (const WorldPoint& step : geometry.steps()) thickness += std::abs(Along(step, plane.through));
  return std::abs(Along(point, plane.through) - view.middle[plane.through]) <= thickness / 2;
}

}  // namespace sgpsam::cli
