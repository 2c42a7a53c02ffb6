#include "client/cli/preview/panels.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "client/cli/preview/contours.h"
#include "client/cli/preview/planes.h"
#include "client/cli/preview/window.h"

namespace sgpsam::cli {
namespace {

// All lengths are in pixels before the picture is halved, which makes edges smooth.
constexpr int kPanel = 2 * kPanelPixels;
constexpr int kSide = 44;  // next to a plane, for a letter
constexpr int kBar = 60;   // above and below it
constexpr int kGap = 8;    // between panels
constexpr int kText = 20;  // height of capitals
constexpr int kMargin = 16;
constexpr int kRow = 48;  // of the legend
constexpr double kLine = 3;
constexpr size_t kMostNamed = 24;  // segments in the legend
constexpr Rgb kInk{210, 210, 210}, kBetween{40, 40, 40};

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

double MaskAt(const Geometry& geometry, const Mask& mask, const WorldPoint& point) {
  double value = 0;
  const auto at = [&](int64_t i, int64_t j, int64_t k) { return mask.at(i, j, k) ? 1.0 : 0.0; };
  return Interpolate(geometry, point, at, value) ? value : 0;
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

// ---- outlines

// Distances of samples along a patient axis that meet the voxels' middles where the volume lies along it.
struct SampleAxis {
  double step = 1, first = 0;  // mm
  int count = 0;
};

SampleAxis SamplesAlong(const Geometry& geometry, size_t axis, double from, double to) {
  constexpr double kParallel = 0.99999;
  const std::array<double, 3> spacing = geometry.spacing_mm();
  SampleAxis samples;
  samples.step = *std::min_element(spacing.begin(), spacing.end());
  for (size_t a = 0; a < 3; ++a) {
    if (std::abs(ToAxes(geometry.steps()[a])[axis]) >= kParallel * spacing[a]) samples.step = spacing[a];
  }
  const double anchor = ToAxes(geometry.origin())[axis];
  samples.first = anchor + (std::floor((from - anchor) / samples.step) - 1) * samples.step;
  samples.count = static_cast<int>(std::ceil((to - samples.first) / samples.step)) + 2;
  return samples;
}

void DrawOutline(const Geometry& geometry, const DrawnSegment& segment, const Plane& plane, const View& view,
                 Picture& panel) {
  const double half = view.mm_per_pixel * kPanel / 2;
  const auto along = [&](size_t axis) {
    return SamplesAlong(geometry, axis, view.middle[axis] - half, view.middle[axis] + half);
  };
  const SampleAxis across = along(plane.across), down = along(plane.down);
  const auto place = [&](double x, double y) {
    Axes p = view.middle;
    p[plane.across] = across.first + x * across.step;
    p[plane.down] = down.first + y * down.step;
    return WorldPoint{p[0], p[1], p[2]};
  };
  PlaneSamples samples{across.count, down.count, {}};
  samples.values.reserve(static_cast<size_t>(across.count) * static_cast<size_t>(down.count));
  for (int y = 0; y < samples.rows; ++y) {
    for (int x = 0; x < samples.columns; ++x)
      samples.values.push_back(static_cast<float>(MaskAt(geometry, segment.mask, place(x, y))));
  }
  for (const Contour& contour : FindContours(samples)) {
    for (size_t n = 0; n < contour.size(); ++n) {
      const Picture::Point &a = contour[n], &b = contour[(n + 1) % contour.size()];
      panel.Line(view.PixelOf(plane, place(a.x, a.y)), view.PixelOf(plane, place(b.x, b.y)), kLine,
                 segment.rgb);
    }
  }
}

void Fill(const Geometry& geometry, const DrawnSegment& segment, const Plane& plane, const View& view,
          double opacity, Picture& panel) {
  for (int y = 0; y < kPanel; ++y) {
    for (int x = 0; x < kPanel; ++x) {
      if (MaskAt(geometry, segment.mask, view.At(plane, x, y)) >= 0.5)
        panel.Blend(x, y, segment.rgb, opacity);
    }
  }
}

// ---- clicks

// + inside, x outside, in white with a dark border; open in the middle, so that what was clicked stays in
// sight.
void DrawClick(const Picture::Point& at, bool positive, Picture& picture) {
  constexpr double kFrom = 5, kTo = 17;
  const double turn = positive ? 0 : M_PI / 4;
  for (const auto& [width, colour] : {std::pair<double, Rgb>{8, {0, 0, 0}}, {3, {255, 255, 255}}}) {
    for (int arm = 0; arm < 4; ++arm) {
      const double angle = turn + arm * M_PI / 2, x = std::cos(angle), y = std::sin(angle);
      picture.Line({at.x + kFrom * x, at.y + kFrom * y}, {at.x + kTo * x, at.y + kTo * y}, width, colour);
    }
  }
}

// ---- around the planes

void WriteCentred(absl::string_view text, int x, int y, Picture& picture) {
  picture.Write(x - Picture::TextWidth(text, kText) / 2, y - kText / 2, text, kText, kInk);
}

void DrawLetters(const Plane& plane, Picture& panel) {
  const int middle_x = kSide + kPanel / 2, middle_y = kBar + kPanel / 2;
  WriteCentred(plane.left, kSide / 2, middle_y, panel);
  WriteCentred(plane.right, kSide + kPanel + kSide / 2, middle_y, panel);
  WriteCentred(plane.top, middle_x, kBar / 2, panel);
  WriteCentred(plane.bottom, middle_x, kBar + kPanel + kBar / 2, panel);
}

void DrawCaption(const Plane& plane, const View& view, const std::optional<SliceNumber>& slice,
                 Picture& panel) {
  std::string caption = plane.name;
  if (slice) absl::StrAppend(&caption, " ", slice->number, " of ", slice->of);
  panel.Write(kSide, (kBar - kText) / 2, caption, kText, kInk);
  const std::string place = absl::StrFormat("%c %.1f mm", "xyz"[plane.through], view.middle[plane.through]);
  panel.Write(kSide + kPanel - Picture::TextWidth(place, kText), (kBar - kText) / 2, place, kText, kInk);
}

// A bar of a round length below the plane.
void DrawScale(const View& view, Picture& panel) {
  constexpr int kThick = 4;
  const double field_mm = kPanel * view.mm_per_pixel;
  int length_mm = 10;
  for (const int candidate : {20, 50, 100}) {
    if (candidate <= field_mm / 4) length_mm = candidate;
  }
  const int length = static_cast<int>(std::lround(length_mm / view.mm_per_pixel));
  const int y = kBar + kPanel + kBar / 2;
  panel.Fill(kSide, y - kThick / 2, length, kThick, kInk);
  panel.Fill(kSide, y - 3 * kThick, kThick, 6 * kThick, kInk);
  panel.Fill(kSide + length - kThick, y - 3 * kThick, kThick, 6 * kThick, kInk);
  panel.Write(kSide + length + kMargin, y - kText / 2, absl::StrCat(length_mm, " mm"), kText, kInk);
}

Picture DrawPanel(const Scene& scene, const Window& window, double fill, const Plane& plane, const View& view,
                  const std::optional<SliceNumber>& slice) {
  const Geometry& geometry = scene.volume.geometry();
  Picture image(kPanel, kPanel);
  DrawImage(scene, window, plane, view, image);
  for (const DrawnSegment& segment : scene.segments) {
    if (fill > 0) Fill(geometry, segment, plane, view, fill, image);
    DrawOutline(geometry, segment, plane, view, image);
  }
  for (const DrawnClick& click : scene.clicks) {
    if (LiesIn(plane, view, click.at, geometry))
      DrawClick(view.PixelOf(plane, click.at), click.positive, image);
  }
  Picture panel(kPanel + 2 * kSide, kPanel + 2 * kBar);
  panel.Paste(image, kSide, kBar);
  DrawLetters(plane, panel);
  DrawCaption(plane, view, slice, panel);
  DrawScale(view, panel);
  return panel;
}

// ---- the legend

struct Entry {
  enum class Mark { kNone, kColour, kInside, kOutside } mark = Mark::kNone;
  Rgb colour{};
  std::string text;

  int text_left() const { return mark == Mark::kNone ? 0 : 2 * kText + kMargin / 2; }
  int width() const { return text_left() + Picture::TextWidth(text, kText); }
};

std::vector<Entry> EntriesOf(const Scene& scene, const Window& window) {
  std::vector<Entry> entries;
  for (size_t n = 0; n < std::min(scene.segments.size(), kMostNamed); ++n) {
    const DrawnSegment& segment = scene.segments[n];
    entries.push_back({Entry::Mark::kColour, segment.rgb, DescribeSegment(segment, scene.volume.geometry())});
  }
  if (scene.segments.size() > kMostNamed) {
    entries.push_back(
        {Entry::Mark::kNone, {}, absl::StrCat("and ", scene.segments.size() - kMostNamed, " more")});
  }
  if (scene.segments.empty()) entries.push_back({Entry::Mark::kNone, {}, "no segment"});
  for (const bool positive : {true, false}) {
    const bool any = std::any_of(scene.clicks.begin(), scene.clicks.end(),
                                 [&](const DrawnClick& click) { return click.positive == positive; });
    if (any) {
      entries.push_back({positive ? Entry::Mark::kInside : Entry::Mark::kOutside,
                         {},
                         positive ? "click inside" : "click outside"});
    }
  }
  entries.push_back({Entry::Mark::kNone, {}, DescribeWindow(window)});
  return entries;
}

// Entries from left to right, in as many rows as they need.
Picture DrawLegend(const std::vector<Entry>& entries, int width) {
  struct Place {
    int x, row;
  };
  std::vector<Place> places;
  int x = kSide, row = 0;
  for (const Entry& entry : entries) {
    if (x > kSide && x + entry.width() > width - kSide) x = kSide, ++row;
    places.push_back({x, row});
    x += entry.width() + 4 * kMargin;
  }
  Picture legend(width, (row + 1) * kRow + kMargin);
  for (size_t n = 0; n < entries.size(); ++n) {
    const Entry& entry = entries[n];
    const int left = places[n].x, middle = places[n].row * kRow + kRow / 2;
    switch (entry.mark) {
      case Entry::Mark::kNone: break;
      case Entry::Mark::kColour: legend.Fill(left, middle - kText / 2, 2 * kText, kText, entry.colour); break;
      case Entry::Mark::kInside:
      case Entry::Mark::kOutside:
        DrawClick({left + 1.0 * kText, 1.0 * middle}, entry.mark == Entry::Mark::kInside, legend);
        break;
    }
    legend.Write(left + entry.text_left(), middle - kText / 2, entry.text, kText, kInk);
  }
  return legend;
}

}  // namespace

std::string DescribeSegment(const DrawnSegment& segment, const Geometry& geometry) {
  const double ml = static_cast<double>(segment.mask.CountVoxels()) * geometry.voxel_ml();
  const int decimals = ml >= 100 ? 0 : ml >= 10 ? 1 : ml >= 1 ? 2 : 3;
  const std::string name = segment.label.empty() ? absl::StrCat("Segment ", segment.number) : segment.label;
  return absl::StrFormat("%s, %.*f ml", name, decimals, ml);
}

Picture DrawPanels(const Scene& scene, double fill) {
  const Window window = ChooseWindow(scene);
  const Views views = ChooseViews(scene, kPanel);
  constexpr int kCount = static_cast<int>(kPlanes.size());
  constexpr int kWidth = kPanel + 2 * kSide, kHeight = kPanel + 2 * kBar;
  constexpr int kAll = kCount * kWidth + (kCount - 1) * kGap;
  const Picture legend = DrawLegend(EntriesOf(scene, window), kAll);
  Picture picture(kAll, kHeight + kGap + legend.height());
  picture.Fill(0, 0, picture.width(), picture.height(), kBetween);
  for (size_t n = 0; n < kPlanes.size(); ++n) {
    const Picture panel = DrawPanel(scene, window, fill, kPlanes[n], views.of_plane[n], views.slice[n]);
    picture.Paste(panel, static_cast<int>(n) * (kWidth + kGap), 0);
  }
  picture.Paste(legend, 0, kHeight + kGap);
  return picture.Halved();
}

}  // namespace sgpsam::cli
