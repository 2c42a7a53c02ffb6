#include "core/dicom/series/series_geometry.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <optional>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/reason.h"
#include "core/base/status_macros.h"
#include "core/volume/world_vector.h"

namespace sgpsam {
namespace {

constexpr double kMaxDeviation = 0.1;        // of a voxel, of any pixel of the stack from the grid
constexpr double kReportedDeviation = 0.01;  // from here on it is said
constexpr double kSamePlaceMm = 0.01;        // two slices closer than this lie at one position
constexpr double kMaxDirectionChange =
    0.05;  // between two slices' unit vectors, 3 degrees: more is another stack
constexpr double kMaxDirectionError = 0.01;  // of length 1 and of right angles: two decimals give that
constexpr double kReportedDirectionError = 1e-4;
constexpr double kMaxSpacingChange = 0.02;  // of PixelSpacing, relative: more is another image
constexpr double kSameGap = 0.1;            // relative, between gaps of one part of a stack
constexpr double kPi = 3.14159265358979323846;

struct Frame {  // an orthonormal one
  WorldPoint row, column, normal;
};

Frame Orthonormal(const WorldPoint& row, const WorldPoint& column) {
  Frame frame;
  frame.row = row * (1 / Length(row));
  const WorldPoint upright = column - frame.row * Dot(column, frame.row);
  frame.column = upright * (1 / Length(upright));
  frame.normal = Cross(frame.row, frame.column);
  return frame;
}

// The frame nearest to `frame` whose normal is `direction`.
Frame TurnedTo(const WorldPoint& direction, const Frame& frame) {
  const WorldPoint normal = direction * (1 / Length(direction));
  return Orthonormal(frame.row - normal * Dot(frame.row, normal),
                     frame.column - normal * Dot(frame.column, normal));
}

// Of the directions from length 1 and from right angles.
double DirectionError(const SlicePlane& plane) {
  return std::max({std::abs(Length(plane.row) - 1), std::abs(Length(plane.column) - 1),
                   std::abs(Dot(plane.row, plane.column))});
}

// The mean of equal numbers is the number itself, bit by bit.
template <typename Value>
struct Mean {
  Value value{};
  int count = 0;
  void Add(const Value& more) { value = value + (more - value) * (1.0 / ++count); }
};

// What all slices share, as far as they do: the mean directions and steps.
struct Plane {
  Frame frame;
  double column_step = 0, row_step = 0;
};

ReasonMetadata FileNumbers(int file, int other) {
  return {{"file", absl::StrCat(file)}, {"other_file", absl::StrCat(other)}};
}

absl::Status CheckDirections(absl::Span<const SlicePlane> planes) {
  for (const SlicePlane& plane : planes) {
    if (DirectionError(plane) <= kMaxDirectionError) continue;
    return InvalidArgument(Reason::kInvalidGeometry,
                           absl::StrCat("file ", plane.file_number,
                                        ": ImageOrientationPatient is not two directions at right angles"),
                           {{"file", absl::StrCat(plane.file_number)}});
  }
  return absl::OkStatus();
}

absl::Status CheckSamePlane(const SlicePlane& first, const SlicePlane& other) {
  if (DifferentOrientations(first, other)) {
    return FailedPrecondition(
        Reason::kMixedSlices,
        absl::StrCat("files ", first.file_number, " and ", other.file_number,
                     " have different orientations: send the slices of one stack only, without localizers"),
        FileNumbers(first.file_number, other.file_number));
  }
  const auto differ = [](double a, double b) { return std::abs(a - b) > kMaxSpacingChange * a; };
  if (differ(first.row_step, other.row_step) || differ(first.column_step, other.column_step)) {
    return FailedPrecondition(Reason::kMixedSlices,
                              absl::StrCat("files ", first.file_number, " and ", other.file_number,
                                           " have different pixel spacings: send one series only"),
                              FileNumbers(first.file_number, other.file_number));
  }
  return absl::OkStatus();
}

Plane MeanPlane(absl::Span<const SlicePlane> planes) {
  Mean<WorldPoint> row, column;
  Mean<double> column_step, row_step;
  for (const SlicePlane& plane : planes) {
    row.Add(plane.row);
    column.Add(plane.column);
    column_step.Add(plane.column_step);
    row_step.Add(plane.row_step);
  }
  return {Orthonormal(row.value, column.value), column_step.value, row_step.value};
}

struct Sorted {
  std::vector<const SlicePlane*> planes;
  std::vector<double> along;  // of slice k: its place along the normal, mm
  int number(size_t k) const { return planes[k]->file_number; }
  double gap(size_t k) const { return along[k] - along[k - 1]; }
  size_t size() const { return planes.size(); }
};

std::vector<size_t> OrderAlong(const WorldPoint& normal, absl::Span<const SlicePlane> planes) {
  std::vector<size_t> order(planes.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return Dot(planes[a].position, normal) < Dot(planes[b].position, normal);
  });
  return order;
}

double MedianGap(const Sorted& sorted) {
  std::vector<double> gaps;
  for (size_t k = 1; k < sorted.size(); ++k) gaps.push_back(sorted.gap(k));
  std::nth_element(gaps.begin(), gaps.begin() + static_cast<std::ptrdiff_t>(gaps.size() / 2), gaps.end());
  return gaps[gaps.size() / 2];
}

absl::Status CheckPlacesDiffer(const Sorted& sorted) {
  for (size_t k = 1; k < sorted.size(); ++k) {
    if (sorted.gap(k) >= kSamePlaceMm) continue;
    const auto [file, other] = std::minmax({sorted.number(k - 1), sorted.number(k)});
    return FailedPrecondition(
        Reason::kDuplicatePositions,
        absl::StrCat(
            "files ", file, " and ", other,
            " lie at the same position: send each slice once, of one phase, echo or time point only"),
        FileNumbers(file, other));
  }
  return absl::OkStatus();
}

// A stack of one spacing that goes over into one of another, as a head CT from base to vertex: the first ends
// at slice `end`, the second begins at slice `begin`, which is the same or the next. Both have at least three
// slices.
struct TwoSpacings {
  size_t end = 0, begin = 0;
};

std::optional<TwoSpacings> FindTwoSpacings(const Sorted& sorted) {
  const auto alike = [](double a, double b) { return std::abs(a - b) <= kSameGap * std::min(a, b); };
  const size_t last = sorted.size() - 1;
  if (last < 4 || alike(sorted.gap(1), sorted.gap(last))) return std::nullopt;
  TwoSpacings parts{1, last - 1};
  while (parts.end < last && alike(sorted.gap(parts.end + 1), sorted.gap(1))) ++parts.end;
  while (parts.begin > 0 && alike(sorted.gap(parts.begin), sorted.gap(last))) --parts.begin;
  const bool adjoin = parts.begin == parts.end || parts.begin == parts.end + 1;
  if (!adjoin || parts.end < 2 || parts.begin + 2 > last) return std::nullopt;
  return parts;
}

absl::Status CheckGaps(const Sorted& sorted) {
  if (const std::optional<TwoSpacings> parts = FindTwoSpacings(sorted)) {
    const size_t last = sorted.size() - 1;
    const std::string message = absl::StrFormat(
        "the stack has two slice spacings: %.3f mm from file %d (%.3f mm along the slice normal) to file %d "
        "(%.3f mm), %.3f mm from file %d (%.3f mm) to file %d (%.3f mm): send the slices of one part only",
        sorted.gap(1), sorted.number(0), sorted.along[0], sorted.number(parts->end), sorted.along[parts->end],
        sorted.gap(last), sorted.number(parts->begin), sorted.along[parts->begin], sorted.number(last),
        sorted.along[last]);
    return FailedPrecondition(Reason::kUnevenSlices, message,
                              FileNumbers(sorted.number(parts->end), sorted.number(parts->begin)));
  }
  const double spacing = MedianGap(sorted);
  for (size_t k = 1; k < sorted.size(); ++k) {
    if (sorted.gap(k) <= 1.5 * spacing) continue;
    const std::string message = absl::StrFormat(
        "%d slice(s) are missing: between file %d (%.3f mm along the slice normal) and file "
        "%d (%.3f mm) lie %.3f mm, elsewhere %.3f mm",
        std::lround(sorted.gap(k) / spacing) - 1, sorted.number(k - 1), sorted.along[k - 1], sorted.number(k),
        sorted.along[k], sorted.gap(k), spacing);
    return FailedPrecondition(Reason::kMissingSlices, message,
                              FileNumbers(sorted.number(k - 1), sorted.number(k)));
  }
  return absl::OkStatus();
}

struct Line {  // slice k lies at origin + k * step
  WorldPoint origin, step;
};

// Least squares. Differences from the first slice keep what is even exact.
Line FitLine(const Sorted& sorted) {
  const WorldPoint& first = sorted.planes[0]->position;
  const double half = 0.5 * static_cast<double>(sorted.size() - 1);
  WorldPoint sum, slope;
  double weight = 0;
  for (size_t k = 0; k < sorted.size(); ++k) {
    const WorldPoint from_first = sorted.planes[k]->position - first;
    const double at = static_cast<double>(k) - half;
    sum = sum + from_first;
    slope = slope + from_first * at;
    weight += at * at;
  }
  const WorldPoint step = slope * (1 / weight);
  return {first + (sum * (1 / static_cast<double>(sorted.size())) - step * half), step};
}

// A grid that could be the stack's, and how well it is.
struct Grid {
  Plane plane;
  Line line;
};

struct Deviation {      // in voxels, but for mm
  double place = 0;     // of slices' first pixels along the normal
  double shift = 0;     // of slices' first pixels in the plane
  double anywhere = 0;  // of any pixel in any direction
  double mm = 0;
  size_t k_place = 0, k_shift = 0, k_anywhere = 0;
};

void Raise(double value, size_t k, double& largest, size_t& at) {
  if (value <= largest) return;
  largest = value;
  at = k;
}

// Each slice's four corners, by its own attributes, against the grid's.
Deviation Measure(const Grid& grid, const Sorted& sorted, int rows, int columns) {
  const Frame& frame = grid.plane.frame;
  const double gap = std::abs(Dot(grid.line.step, frame.normal));
  Deviation largest;
  for (size_t k = 0; k < sorted.size(); ++k) {
    const SlicePlane& slice = *sorted.planes[k];
    const Frame own = Orthonormal(slice.row, slice.column);
    const WorldPoint start = slice.position - grid.line.origin - grid.line.step * static_cast<double>(k);
    for (int corner = 0; corner < 4; ++corner) {
      const double i = (corner & 1) != 0 ? columns - 1 : 0, j = (corner & 2) != 0 ? rows - 1 : 0;
      const WorldPoint off = start + (own.row * slice.column_step - frame.row * grid.plane.column_step) * i +
                             (own.column * slice.row_step - frame.column * grid.plane.row_step) * j;
      const double along = std::abs(Dot(off, frame.normal)) / gap;
      const double in_plane = std::max(std::abs(Dot(off, frame.row)) / grid.plane.column_step,
                                       std::abs(Dot(off, frame.column)) / grid.plane.row_step);
      if (corner == 0) {
        Raise(along, k, largest.place, largest.k_place);
        Raise(in_plane, k, largest.shift, largest.k_shift);
      }
      Raise(std::max(along, in_plane), k, largest.anywhere, largest.k_anywhere);
      largest.mm = std::max(largest.mm, Length(off));
    }
  }
  return largest;
}

// Why no even grid fits.
absl::Status NotEven(const Sorted& sorted, const Deviation& off) {
  const std::string limit = absl::StrFormat("of a voxel; up to %g is taken", kMaxDeviation);
  if (off.place >= kMaxDeviation) {
    // The larger of the two gaps next to the slice shows it best.
    const size_t k = std::max<size_t>(off.k_place, 1);
    const std::string message = absl::StrFormat(
        "the slices are not evenly spaced: between file %d (%.3f mm along the slice normal) and file %d "
        "(%.3f mm) lie %.3f mm, elsewhere %.3f mm; the slices' places are off an even grid by up to %.2f %s",
        sorted.number(k - 1), sorted.along[k - 1], sorted.number(k), sorted.along[k], sorted.gap(k),
        MedianGap(sorted), off.place, limit);
    return FailedPrecondition(Reason::kUnevenSlices, message,
                              FileNumbers(sorted.number(k - 1), sorted.number(k)));
  }
  if (off.shift >= kMaxDeviation) {
    const size_t k = std::max<size_t>(off.k_shift, 1);
    return FailedPrecondition(
        Reason::kUnevenSlices,
        absl::StrFormat("the slices are not in line: file %d is shifted against file %d, by up to %.2f %s",
                        sorted.number(k), sorted.number(k - 1), off.shift, limit),
        FileNumbers(sorted.number(k), sorted.number(k - 1)));
  }
  return FailedPrecondition(
      Reason::kUnevenSlices,
      absl::StrFormat(
          "ImageOrientationPatient or PixelSpacing differs from slice to slice: of file %d by up to %.2f %s",
          sorted.number(off.k_anywhere), off.anywhere, limit),
      {{"file", absl::StrCat(sorted.number(off.k_anywhere))}});
}

void WarnOfDeviation(const Deviation& off, std::vector<std::string>& warnings) {
  if (off.anywhere < kReportedDeviation) return;
  warnings.push_back(
      absl::StrFormat("the slices' positions, orientations or pixel spacings are off an even grid by up to "
                      "%.3f mm (%.2f of a voxel): volume and mask lie on that grid",
                      off.mm, off.anywhere));
}

void WarnOfDirections(absl::Span<const SlicePlane> planes, std::vector<std::string>& warnings) {
  double error = 0;
  for (const SlicePlane& plane : planes) error = std::max(error, DirectionError(plane));
  if (error < kReportedDirectionError) return;
  warnings.push_back(
      absl::StrFormat("ImageOrientationPatient is rounded, off unit length or right angles by up to %.4f: "
                      "the nearest right-angled directions are used",
                      error));
}

void WarnOfLean(const Grid& grid, std::vector<std::string>& warnings) {
  const double cosine = Dot(grid.line.step, grid.plane.frame.normal) / Length(grid.line.step);
  warnings.push_back(absl::StrFormat(
      "the stack leans by %.2f degrees (gantry tilt): readers that need axes at right angles "
      "cannot open a mask on its own grid (of NIfTI those on ITK: 3D Slicer, ITK-SNAP, SimpleITK; of "
      "DICOM-SEG dcmqi and with it 3D Slicer); mask and image on an upright grid can be asked for",
      std::acos(std::min(1.0, cosine)) * 180 / kPi));
}

// The right-angled grid that fits best, if one does; else the leaning one.
absl::StatusOr<Grid> FitGrid(const Plane& plane, const Sorted& sorted, int rows, int columns,
                             std::vector<std::string>& warnings) {
  const Line line = FitLine(sorted);
  const auto upright = [&](const Frame& frame) {
    const WorldPoint step = frame.normal * Dot(line.step, frame.normal);
    const double half = 0.5 * static_cast<double>(sorted.size() - 1);
    return Grid{{frame, plane.column_step, plane.row_step}, {line.origin + (line.step - step) * half, step}};
  };
  // Rounded directions may be further from the truth than the line of the positions, or the other way round.
  Grid best = upright(plane.frame);
  Deviation off = Measure(best, sorted, rows, columns);
  if (off.anywhere >= kReportedDeviation) {
    const Grid turned = upright(TurnedTo(line.step, plane.frame));
    const Deviation other = Measure(turned, sorted, rows, columns);
    if (other.anywhere < off.anywhere) {
      best = turned;
      off = other;
    }
  }
  if (off.anywhere >= kMaxDeviation) {
    best = {plane, line};
    off = Measure(best, sorted, rows, columns);
    if (off.anywhere >= kMaxDeviation) return NotEven(sorted, off);
    WarnOfLean(best, warnings);
  }
  WarnOfDeviation(off, warnings);
  return best;
}

// One slice says itself how far it reaches.
absl::StatusOr<Grid> SingleSlice(const Plane& plane, const SlicePlane& slice,
                                 std::vector<std::string>& warnings) {
  const auto usable = [](const std::optional<double>& mm) {
    return mm && std::isfinite(*mm) && std::abs(*mm) > 0;
  };
  const bool thick = usable(slice.thickness);
  if (!thick && !usable(slice.spacing_between)) {
    return FailedPrecondition(
        Reason::kUnknownPosition,
        absl::StrCat(
            "file ", slice.file_number,
            " is the only slice and has neither SliceThickness nor SpacingBetweenSlices: send more slices"),
        {{"file", absl::StrCat(slice.file_number)}});
  }
  warnings.push_back(absl::StrCat("there is only one slice: its ",
                                  thick ? "SliceThickness" : "SpacingBetweenSlices",
                                  " is used as the spacing"));
  const double spacing = std::abs(thick ? *slice.thickness : *slice.spacing_between);
  return Grid{plane, {slice.position, plane.frame.normal * spacing}};
}

}  // namespace

bool DifferentOrientations(const SlicePlane& a, const SlicePlane& b) {
  return Length(a.row - b.row) > kMaxDirectionChange || Length(a.column - b.column) > kMaxDirectionChange;
}

absl::StatusOr<SeriesGeometry> PlaceSlices(absl::Span<const SlicePlane> planes, int rows, int columns) {
  if (planes.empty()) return absl::InvalidArgumentError("there are no slices");
  RETURN_IF_ERROR(CheckDirections(planes));
  for (const SlicePlane& plane : planes) RETURN_IF_ERROR(CheckSamePlane(planes[0], plane));
  const Plane plane = MeanPlane(planes);
  SeriesGeometry result;
  result.order = OrderAlong(plane.frame.normal, planes);
  Sorted sorted;
  for (const size_t n : result.order) {
    sorted.planes.push_back(&planes[n]);
    sorted.along.push_back(Dot(planes[n].position, plane.frame.normal));
  }
  WarnOfDirections(planes, result.warnings);
  Grid grid;
  if (planes.size() == 1) {
    ASSIGN_OR_RETURN(grid, SingleSlice(plane, planes[0], result.warnings));
  } else {
    RETURN_IF_ERROR(CheckPlacesDiffer(sorted));
    RETURN_IF_ERROR(CheckGaps(sorted));
    ASSIGN_OR_RETURN(grid, FitGrid(plane, sorted, rows, columns, result.warnings));
  }
  const Frame& frame = grid.plane.frame;
  ASSIGN_OR_RETURN(result.geometry,
                   Geometry::Create({columns, rows, static_cast<int64_t>(planes.size())}, grid.line.origin,
                                    {frame.row * grid.plane.column_step, frame.column * grid.plane.row_step,
                                     grid.line.step}));
  return result;
}

}  // namespace sgpsam
