#include "core/dicom/series_geometry.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/status_macros.h"

namespace sgpsam {
namespace {

constexpr double kMinToleranceMm = 0.01;
constexpr double kRelativeTolerance = 0.01;
constexpr double kMaxDirectionChange = 1e-3;  // between two slices' unit vectors: less than 0.06 degrees
constexpr double kMaxLengthError = 0.01;      // of a direction that should have length 1
constexpr double kMaxSkew = 1e-3;             // cosine between row and column
constexpr double kTiltDegrees = 0.1;          // a stack that leans more than this is reported
constexpr double kPi = 3.14159265358979323846;

WorldPoint operator-(const WorldPoint& a, const WorldPoint& b) { return {a.x - b.x, a.y - b.y, a.z - b.z}; }
WorldPoint operator*(const WorldPoint& a, double f) { return {a.x * f, a.y * f, a.z * f}; }
double Dot(const WorldPoint& a, const WorldPoint& b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
double Length(const WorldPoint& a) { return std::sqrt(Dot(a, a)); }
WorldPoint Cross(const WorldPoint& a, const WorldPoint& b) {
  return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}

double Tolerance(double length) { return std::max(kMinToleranceMm, kRelativeTolerance * std::abs(length)); }

struct Frame {  // an orthonormal one
  WorldPoint row, column, normal;
};

absl::StatusOr<Frame> OrthonormalFrame(const SlicePlane& plane) {
  const double row_length = Length(plane.row), column_length = Length(plane.column);
  const bool sound = std::abs(row_length - 1) <= kMaxLengthError &&
                     std::abs(column_length - 1) <= kMaxLengthError &&
                     std::abs(Dot(plane.row, plane.column)) <= kMaxSkew;
  if (!sound) {
    return absl::InvalidArgumentError(absl::StrCat(
        "file ", plane.file_number, ": ImageOrientationPatient is not two directions at right angles"));
  }
  Frame frame;
  frame.row = plane.row * (1 / row_length);
  const WorldPoint column = plane.column - frame.row * Dot(plane.column, frame.row);
  frame.column = column * (1 / Length(column));
  frame.normal = Cross(frame.row, frame.column);
  return frame;
}

absl::Status CheckSameGrid(const SlicePlane& first, const SlicePlane& other) {
  if (Length(first.row - other.row) > kMaxDirectionChange ||
      Length(first.column - other.column) > kMaxDirectionChange) {
    return absl::FailedPreconditionError(
        absl::StrCat("files ", first.file_number, " and ", other.file_number,
                     " have different orientations: send the slices of one stack only, without localizers"));
  }
  const auto differ = [](double a, double b) { return std::abs(a - b) > 1e-4 * a; };
  if (differ(first.row_step, other.row_step) || differ(first.column_step, other.column_step)) {
    return absl::FailedPreconditionError(
        absl::StrCat("files ", first.file_number, " and ", other.file_number,
                     " have different pixel spacings: send one series only"));
  }
  return absl::OkStatus();
}

struct Sorted {
  std::vector<size_t> order;
  std::vector<double> along;  // of slice k: its place along the normal, mm
};

Sorted SortAlong(const WorldPoint& normal, absl::Span<const SlicePlane> planes) {
  Sorted sorted;
  sorted.order.resize(planes.size());
  std::iota(sorted.order.begin(), sorted.order.end(), size_t{0});
  const auto place = [&](size_t n) { return Dot(planes[n].position, normal); };
  std::stable_sort(sorted.order.begin(), sorted.order.end(),
                   [&](size_t a, size_t b) { return place(a) < place(b); });
  for (size_t n : sorted.order) sorted.along.push_back(place(n));
  return sorted;
}

double MedianGap(const std::vector<double>& along) {
  std::vector<double> gaps;
  for (size_t k = 1; k < along.size(); ++k) gaps.push_back(along[k] - along[k - 1]);
  std::nth_element(gaps.begin(), gaps.begin() + static_cast<std::ptrdiff_t>(gaps.size() / 2), gaps.end());
  return gaps[gaps.size() / 2];
}

absl::Status CheckSpacing(const Sorted& sorted, absl::Span<const SlicePlane> planes) {
  const auto number = [&](size_t k) { return planes[sorted.order[k]].file_number; };
  for (size_t k = 1; k < sorted.along.size(); ++k) {
    if (sorted.along[k] - sorted.along[k - 1] < kMinToleranceMm) {
      return absl::FailedPreconditionError(absl::StrCat(
          "files ", std::min(number(k - 1), number(k)), " and ", std::max(number(k - 1), number(k)),
          " lie at the same position: send each slice once, of one phase, echo or time point only"));
    }
  }
  const double spacing = MedianGap(sorted.along);
  for (size_t k = 1; k < sorted.along.size(); ++k) {
    const double gap = sorted.along[k] - sorted.along[k - 1];
    if (std::abs(gap - spacing) <= Tolerance(spacing)) continue;
    const std::string where = absl::StrFormat(
        "between file %d (%.3f mm along the slice normal) and file %d (%.3f mm) lie %.3f mm, elsewhere %.3f "
        "mm",
        number(k - 1), sorted.along[k - 1], number(k), sorted.along[k], gap, spacing);
    if (gap > 1.5 * spacing) {
      return absl::FailedPreconditionError(
          absl::StrFormat("%d slice(s) are missing: %s", std::lround(gap / spacing) - 1, where));
    }
    return absl::FailedPreconditionError(absl::StrCat("the slices are not evenly spaced: ", where));
  }
  return absl::OkStatus();
}

absl::Status CheckInLine(const Sorted& sorted, absl::Span<const SlicePlane> planes, const WorldPoint& step) {
  const WorldPoint& origin = planes[sorted.order[0]].position;
  for (size_t k = 1; k < sorted.order.size(); ++k) {
    const SlicePlane& plane = planes[sorted.order[k]];
    const SlicePlane& before = planes[sorted.order[k - 1]];
    const WorldPoint jump = (plane.position - before.position) - step;
    const WorldPoint drift = (plane.position - origin) - step * static_cast<double>(k);
    // A neighbour may be off by the tolerance; the sum of many small errors by half a pixel or slice.
    const double half = 0.5 * std::min({plane.row_step, plane.column_step, Length(step)});
    if (Length(jump) > 2 * Tolerance(Length(step)) || Length(drift) > half) {
      return absl::FailedPreconditionError(absl::StrCat("the slices are not in line: file ",
                                                        plane.file_number, " is shifted against file ",
                                                        before.file_number));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<WorldPoint> SingleSliceStep(const SlicePlane& plane, const Frame& frame,
                                           SeriesGeometry& result) {
  if (!plane.thickness || !(*plane.thickness > 0)) {
    return absl::FailedPreconditionError(absl::StrCat(
        "file ", plane.file_number, " is the only slice and has no SliceThickness: send more slices"));
  }
  result.warnings.push_back("only one slice was sent: its SliceThickness is used as the spacing");
  return frame.normal * *plane.thickness;
}

}  // namespace

absl::StatusOr<SeriesGeometry> PlaceSlices(absl::Span<const SlicePlane> planes, int rows, int columns) {
  if (planes.empty()) return absl::InvalidArgumentError("there are no slices");
  ASSIGN_OR_RETURN(const Frame frame, OrthonormalFrame(planes[0]));
  for (const SlicePlane& plane : planes) RETURN_IF_ERROR(CheckSameGrid(planes[0], plane));
  const Sorted sorted = SortAlong(frame.normal, planes);
  SeriesGeometry result;
  const SlicePlane& first = planes[sorted.order.front()];
  WorldPoint step;
  if (planes.size() == 1) {
    ASSIGN_OR_RETURN(step, SingleSliceStep(first, frame, result));
  } else {
    RETURN_IF_ERROR(CheckSpacing(sorted, planes));
    step = (planes[sorted.order.back()].position - first.position) *
           (1 / static_cast<double>(planes.size() - 1));
    RETURN_IF_ERROR(CheckInLine(sorted, planes, step));
  }
  const double lean = std::acos(std::min(1.0, Dot(step, frame.normal) / Length(step))) * 180 / kPi;
  if (lean > kTiltDegrees) {
    result.warnings.push_back(absl::StrFormat("the stack leans by %.2f degrees (gantry tilt)", lean));
  }
  ASSIGN_OR_RETURN(result.geometry,
                   Geometry::Create({columns, rows, static_cast<int64_t>(planes.size())}, first.position,
                                    {frame.row * first.column_step, frame.column * first.row_step, step}));
  result.order = sorted.order;
  return result;
}

}  // namespace sgpsam
