#include "client/cli/preview/panels.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/cli/preview/window.h"

namespace sgpsam::cli {
namespace {

constexpr int kPanel = 960;  // pixels along a panel's side, before halving
constexpr int kGap = 8;      // between panels
constexpr int kOutline = 3;  // pixels
constexpr double kFillOpacity = 0.14;
constexpr double kContext = 2.5;     // a panel shows this many times the segments' extent,
constexpr double kMinFieldMm = 120;  // but at least so much
constexpr int kDot = 4;              // of letters
constexpr int kMargin = 20;
constexpr Rgb kInk{210, 210, 210};

using Axes = std::array<double, 3>;  // x y z, mm
Axes ToAxes(const WorldPoint& p) { return {p.x, p.y, p.z}; }

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
void ForEachVoxel(const Geometry& geometry, const DrawnSegment& segment, Visit visit) {
  const Shape& shape = segment.mask.shape();
  for (int64_t k = 0; k < shape.k; ++k) {
    if (segment.mask.CountVoxelsInSlice(k) == 0) continue;
    for (int64_t j = 0; j < shape.j; ++j) {
      for (int64_t i = 0; i < shape.i; ++i) {
        if (segment.mask.at(i, j, k)) {
          visit(geometry.ToWorld(
              {static_cast<double>(i), static_cast<double>(j), static_cast<double>(k)}));
        }
      }
    }
  }
}

struct Focus {
  Bounds bounds;  // of all segments
  Axes centre{};  // a voxel of them, near their centre of mass
};

Focus FocusOf(const Scene& scene) {
  Focus focus;
  Axes sum{};
  double count = 0;
  for (const DrawnSegment& segment : scene.segments) {
    ForEachVoxel(scene.volume.geometry(), segment, [&](const WorldPoint& point) {
      focus.bounds.Add(point);
      for (size_t a = 0; a < 3; ++a) sum[a] += ToAxes(point)[a];
      ++count;
    });
  }
  // The centre of mass of a bent or of several segments may lie outside all of them.
  double best = std::numeric_limits<double>::infinity();
  for (const DrawnSegment& segment : scene.segments) {
    ForEachVoxel(scene.volume.geometry(), segment, [&](const WorldPoint& point) {
      const Axes p = ToAxes(point);
      const double distance = std::hypot(p[0] - sum[0] / count, p[1] - sum[1] / count, p[2] - sum[2] / count);
      if (distance < best) best = distance, focus.centre = p;
    });
  }
  return focus;
}

// One plane: which patient axis runs along the picture's rows and columns, and which letters say so.
struct Plane {
  size_t across, down, through;
  double down_sign;
  const char *left, *right, *top, *bottom;
};
constexpr Plane kPlanes[] = {{0, 1, 2, +1, "R", "L", "A", "P"},   // axial
                             {0, 2, 1, -1, "R", "L", "H", "F"},   // coronal
                             {1, 2, 0, -1, "A", "P", "H", "F"}};  // sagittal

struct View {
  Axes middle{};  // of the panel
  double mm_per_pixel = 1;

  WorldPoint At(const Plane& plane, double x, double y) const {
    Axes p = middle;
    p[plane.across] += (x - (kPanel - 1) / 2.0) * mm_per_pixel;
    p[plane.down] += plane.down_sign * (y - (kPanel - 1) / 2.0) * mm_per_pixel;
    return {p[0], p[1], p[2]};
  }
};

// Trilinear value of a grid at a point; false outside. `at(i, j, k)` gives a voxel as a double.
template <typename At>
bool Interpolate(const Geometry& geometry, const WorldPoint& point, const At& at, double& value) {
  const VoxelIndex index = geometry.ToVoxel(point);
  if (!geometry.Contains(index)) return false;
  const Shape& shape = geometry.shape();
  const auto split = [](double x, int64_t size, int64_t& low, int64_t& high) {
    const double inside = std::clamp(x, 0.0, static_cast<double>(size - 1));
    low = static_cast<int64_t>(inside);
    high = std::min(low + 1, size - 1);
    return inside - static_cast<double>(low);
  };
  int64_t i0, i1, j0, j1, k0, k1;
  const double fi = split(index.i, shape.i, i0, i1);
  const double fj = split(index.j, shape.j, j0, j1);
  const double fk = split(index.k, shape.k, k0, k1);
  const auto row = [&](int64_t j, int64_t k) { return std::lerp(at(i0, j, k), at(i1, j, k), fi); };
  value = std::lerp(std::lerp(row(j0, k0), row(j1, k0), fj), std::lerp(row(j0, k1), row(j1, k1), fj), fk);
  return true;
}

void DrawImage(const Scene& scene, const Window& window, const Plane& plane, const View& view,
               Picture& panel) {
  const auto at = [&](int64_t i, int64_t j, int64_t k) { return scene.volume.at(i, j, k); };
  for (int y = 0; y < kPanel; ++y) {
    for (int x = 0; x < kPanel; ++x) {
      double value = 0;
      if (!Interpolate(scene.volume.geometry(), view.At(plane, x, y), at, value)) continue;
      const uint8_t gray = window.Gray(value);
      panel.at(x, y) = {gray, gray, gray};
    }
  }
}

std::vector<char> InsideOf(const Geometry& geometry, const DrawnSegment& segment, const Plane& plane, const View& view) {
  const auto at = [&](int64_t i, int64_t j, int64_t k) { return segment.mask.at(i, j, k) ? 1.0 : 0.0; };
  std::vector<char> inside(size_t{kPanel} * kPanel, 0);
  for (int y = 0; y < kPanel; ++y) {
    for (int x = 0; x < kPanel; ++x) {
      double value = 0;
      const bool covered = Interpolate(geometry, view.At(plane, x, y), at, value);
      inside[static_cast<size_t>(y) * kPanel + static_cast<size_t>(x)] = covered && value >= 0.5;
    }
  }
  return inside;
}

// True if a pixel of the segment lies within the outline's width of one that is not.
bool IsOutline(const std::vector<char>& inside, int x, int y) {
  for (int dy = -kOutline; dy <= kOutline; ++dy) {
    for (int dx = -kOutline; dx <= kOutline; ++dx) {
      const int nx = x + dx, ny = y + dy;
      if (dx * dx + dy * dy > kOutline * kOutline || nx < 0 || ny < 0 || nx >= kPanel || ny >= kPanel)
        continue;
      if (!inside[static_cast<size_t>(ny) * kPanel + static_cast<size_t>(nx)]) return true;
    }
  }
  return false;
}

void DrawSegment(const Geometry& geometry, const DrawnSegment& segment, const Plane& plane, const View& view, Picture& panel) {
  const std::vector<char> inside = InsideOf(geometry, segment, plane, view);
  for (int y = 0; y < kPanel; ++y) {
    for (int x = 0; x < kPanel; ++x) {
      if (!inside[static_cast<size_t>(y) * kPanel + static_cast<size_t>(x)]) continue;
      panel.Blend(x, y, segment.rgb, IsOutline(inside, x, y) ? 1.0 : kFillOpacity);
    }
  }
}

void DrawLetters(const Plane& plane, Picture& panel) {
  const int width = Picture::TextWidth("R", kDot), height = Picture::TextHeight(kDot);
  const int middle_x = (kPanel - width) / 2, middle_y = (kPanel - height) / 2;
  panel.Write(kMargin, middle_y, plane.left, kDot, kInk);
  panel.Write(kPanel - kMargin - width, middle_y, plane.right, kDot, kInk);
  panel.Write(middle_x, kMargin, plane.top, kDot, kInk);
  panel.Write(middle_x, kPanel - kMargin - height, plane.bottom, kDot, kInk);
}

// A bar of a round length, in the lower left corner.
void DrawScale(const View& view, Picture& panel) {
  const double field_mm = kPanel * view.mm_per_pixel;
  int length_mm = 10;
  for (const int candidate : {20, 50, 100}) {
    if (candidate <= field_mm / 4) length_mm = candidate;
  }
  const int length = static_cast<int>(std::lround(length_mm / view.mm_per_pixel));
  const int y = kPanel - kMargin - kDot;
  panel.Fill(kMargin, y, length, kDot, kInk);
  panel.Fill(kMargin, y - 2 * kDot, kDot, 2 * kDot, kInk);
  panel.Fill(kMargin + length - kDot, y - 2 * kDot, kDot, 2 * kDot, kInk);
  panel.Write(kMargin, y - 3 * kDot - Picture::TextHeight(kDot), absl::StrCat(length_mm, " mm"), kDot, kInk);
}

// Where the panels look: around the segments with some context, but not beyond the volume.
View ViewOf(const Scene& scene, Axes& through) {
  const Bounds volume = BoundsOfVolume(scene.volume.geometry());
  Focus focus = FocusOf(scene);
  for (size_t a = 0; a < 3 && focus.bounds.empty(); ++a) focus.centre[a] = volume.middle(a);
  const double wanted = focus.bounds.empty() ? volume.largest() : kContext * focus.bounds.largest();
  const double field = std::min(std::max(wanted, kMinFieldMm), volume.largest());
  View view;
  view.mm_per_pixel = field / kPanel;
  through = focus.centre;
  for (size_t a = 0; a < 3; ++a) {
    const double slack = volume.extent(a) - field;
    view.middle[a] = slack <= 0 ? volume.middle(a)
                                : std::clamp(focus.bounds.empty() ? focus.centre[a] : focus.bounds.middle(a),
                                             volume.low[a] + field / 2, volume.high[a] - field / 2);
  }
  return view;
}

}  // namespace

Picture DrawPanels(const Scene& scene) {
  const Window window = ChooseWindow(scene);
  Axes through;
  const View view = ViewOf(scene, through);
  constexpr int kCount = static_cast<int>(std::size(kPlanes));
  Picture picture(kCount * kPanel + (kCount - 1) * kGap, kPanel);
  picture.Fill(0, 0, picture.width(), picture.height(), {40, 40, 40});
  for (int n = 0; n < kCount; ++n) {
    const Plane& plane = kPlanes[n];
    View plane_view = view;
    plane_view.middle[plane.through] = through[plane.through];
    Picture panel(kPanel, kPanel);
    DrawImage(scene, window, plane, plane_view, panel);
    for (const DrawnSegment& segment : scene.segments) DrawSegment(scene.volume.geometry(), segment, plane, plane_view, panel);
    DrawLetters(plane, panel);
    if (n == 0) DrawScale(view, panel);
    picture.Paste(panel, n * (kPanel + kGap), 0);
  }
  return picture.Halved();
}

}  // namespace sgpsam::cli
