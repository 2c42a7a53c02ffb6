#include "core/raw/nifti_write.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/raw/gzip.h"
#include "core/raw/nifti_header.h"

namespace sgpsam {
namespace {

constexpr size_t kHeaderBytes = 352;  // NIfTI-1 and the four bytes that say: no extension

using Matrix3 = std::array<std::array<double, 3>, 3>;

template <typename T>
void Put(std::string& header, size_t offset, T value) {
  std::memcpy(header.data() + offset, &value, sizeof(T));
}

void PutFloat(std::string& header, size_t offset, double value) {
  Put<float>(header, offset, static_cast<float>(value));
}

// Columns: unit directions in RAS.
Matrix3 DirectionsRas(const Geometry& geometry) {
  const std::array<double, 3> spacing = geometry.spacing_mm();
  Matrix3 m{};
  for (int c = 0; c < 3; ++c) {
    const WorldPoint& step = geometry.steps()[c];
    m[0][c] = -step.x / spacing[c];
    m[1][c] = -step.y / spacing[c];
    m[2][c] = step.z / spacing[c];
  }
  return m;
}

bool RightAngled(const Matrix3& m) {
  constexpr double kTolerance = 1e-4;  // a quaternion cannot say more than float32 does, anyway
  for (int a = 0; a < 3; ++a) {
    const int b = (a + 1) % 3;
    if (std::abs(m[0][a] * m[0][b] + m[1][a] * m[1][b] + m[2][a] * m[2][b]) > kTolerance) return false;
  }
  return true;
}

double Determinant(const Matrix3& m) {
  return m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1]) -
         m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0]) +
         m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0]);
}

// b, c, d of the unit quaternion (a >= 0) of a rotation: by the largest of its four components, so
// that no division is by a small number.
std::array<double, 3> Quaternion(const Matrix3& m) {
  const double trace = m[0][0] + m[1][1] + m[2][2];
  if (trace > 0) {
    const double s = 2 * std::sqrt(trace + 1);
    return {(m[2][1] - m[1][2]) / s, (m[0][2] - m[2][0]) / s, (m[1][0] - m[0][1]) / s};
  }
  int x = 0;
  if (m[1][1] > m[0][0]) x = 1;
  if (m[2][2] > m[x][x]) x = 2;
  const int y = (x + 1) % 3, z = (x + 2) % 3;
  const double s = 2 * std::sqrt(std::max(0.0, 1 + m[x][x] - m[y][y] - m[z][z]));
  const double sign = m[z][y] - m[y][z] < 0 ? -1 : 1;
  std::array<double, 3> q{};
  q[x] = sign * s / 4;
  q[y] = sign * (m[x][y] + m[y][x]) / s;
  q[z] = sign * (m[x][z] + m[z][x]) / s;
  return q;
}

void PutSform(std::string& header, const Geometry& geometry) {
  Put<int16_t>(header, 254, 1);  // scanner coordinates
  const WorldPoint& o = geometry.origin();
  for (int c = 0; c < 3; ++c) {
    const WorldPoint& step = geometry.steps()[c];
    PutFloat(header, 280 + 4 * c, -step.x);
    PutFloat(header, 296 + 4 * c, -step.y);
    PutFloat(header, 312 + 4 * c, step.z);
  }
  PutFloat(header, 292, -o.x);
  PutFloat(header, 308, -o.y);
  PutFloat(header, 324, o.z);
}

void PutQform(std::string& header, const Geometry& geometry) {
  Matrix3 m = DirectionsRas(geometry);
  if (!RightAngled(m)) return;
  const double handed = Determinant(m) < 0 ? -1 : 1;
  for (auto& row : m) row[2] *= handed;
  const std::array<double, 3> q = Quaternion(m);
  const WorldPoint& o = geometry.origin();
  Put<int16_t>(header, 252, 1);
  PutFloat(header, 76, handed);
  for (int n = 0; n < 3; ++n) PutFloat(header, 256 + 4 * n, q[n]);
  PutFloat(header, 268, -o.x);
  PutFloat(header, 272, -o.y);
  PutFloat(header, 276, o.z);
}

std::string MakeHeader(const Geometry& geometry, NiftiType type) {
  std::string header(kHeaderBytes, '\0');
  Put<int32_t>(header, 0, 348);
  header[38] = 'r';  // "regular", which some readers insist on
  const Shape& shape = geometry.shape();
  Put<int16_t>(header, 40, 3);
  Put<int16_t>(header, 42, static_cast<int16_t>(shape.i));  // Geometry::kMaxAxis fits
  Put<int16_t>(header, 44, static_cast<int16_t>(shape.j));
  Put<int16_t>(header, 46, static_cast<int16_t>(shape.k));
  for (int n = 4; n < 8; ++n) Put<int16_t>(header, 40 + 2 * n, 1);
  Put<int16_t>(header, 70, static_cast<int16_t>(type));
  Put<int16_t>(header, 72, static_cast<int16_t>(8 * BytesPerSample(type)));
  PutFloat(header, 76, 1);
  const std::array<double, 3> spacing = geometry.spacing_mm();
  for (int n = 0; n < 3; ++n) PutFloat(header, 80 + 4 * n, spacing[n]);
  PutFloat(header, 108, kHeaderBytes);
  PutFloat(header, 112, 1);  // slope
  header[123] = 2;           // millimetres
  PutSform(header, geometry);
  PutQform(header, geometry);
  std::memcpy(header.data() + 344, "n+1", 4);
  return header;
}

NiftiType TypeOf(SampleType type) {
  switch (type) {
    case SampleType::kInt8: return NiftiType::kInt8;
    case SampleType::kUint8: return NiftiType::kUint8;
    case SampleType::kInt16: return NiftiType::kInt16;
    case SampleType::kUint16: return NiftiType::kUint16;
    case SampleType::kInt32: return NiftiType::kInt32;
    case SampleType::kUint32: return NiftiType::kUint32;
    case SampleType::kFloat32: return NiftiType::kFloat32;
    case SampleType::kFloat64: break;
  }
  return NiftiType::kFloat64;
}

// Gives `label` to the voxels of the mask that lie in the window, which starts at voxel `begin`.
void Paint(const Mask& mask, uint64_t begin, char label, absl::Span<char> window) {
  const uint64_t end = begin + window.size();
  for (uint64_t n = mask.NextVoxel(begin); n < end; n = mask.NextVoxel(n + 1)) window[n - begin] = label;
}

// Hands zeros over as a count, which costs a scan of the bits; only windows with a label in them are made.
absl::Status WriteLabels(absl::Span<const Mask* const> masks, uint64_t voxels, GzipSink& sink) {
  constexpr uint64_t kWindow = 1024;
  std::array<char, kWindow> window{};
  std::vector<uint64_t> next(masks.size());
  for (size_t m = 0; m < masks.size(); ++m) next[m] = masks[m]->NextVoxel(0);
  for (uint64_t at = 0; at < voxels;) {
    const uint64_t first = next.empty() ? voxels : *std::min_element(next.begin(), next.end());
    RETURN_IF_ERROR(sink.WriteZeros(first - at));
    const auto labels = absl::MakeSpan(window).first(std::min(kWindow, voxels - first));
    std::fill(labels.begin(), labels.end(), '\0');
    at = first + labels.size();
    for (size_t m = 0; m < masks.size(); ++m) {
      if (next[m] >= at) continue;
      Paint(*masks[m], first, static_cast<char>(m + 1), labels);
      next[m] = masks[m]->NextVoxel(at);
    }
    RETURN_IF_ERROR(sink.Write({labels.data(), labels.size()}));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> WriteNiftiLabels(const Geometry& geometry, absl::Span<const Mask* const> masks) {
  constexpr size_t kMaxLabels = 255;  // what a byte tells apart from the background
  if (masks.size() > kMaxLabels) {
    return absl::InvalidArgumentError(absl::StrCat("a NIfTI label map takes at most ", kMaxLabels, " masks"));
  }
  const Shape& shape = geometry.shape();
  for (const Mask* mask : masks) {
    if (!(mask->shape() == shape)) return absl::InvalidArgumentError("a mask must have the volume's shape");
  }
  GzipSink sink;
  RETURN_IF_ERROR(sink.Write(MakeHeader(geometry, NiftiType::kUint8)));
  RETURN_IF_ERROR(WriteLabels(masks, static_cast<uint64_t>(shape.voxels()), sink));
  return sink.Finish();
}

absl::StatusOr<std::string> WriteNifti(const Volume& volume) {
  std::string file = MakeHeader(volume.geometry(), TypeOf(volume.sample_type()));
  file.reserve(file.size() + volume.samples().size());
  absl::StrAppend(&file, volume.samples().view());
  return file;
}

absl::StatusOr<std::string> WriteNiftiGz(const Volume& volume) {
  GzipSink sink;
  RETURN_IF_ERROR(sink.Write(MakeHeader(volume.geometry(), TypeOf(volume.sample_type()))));
  RETURN_IF_ERROR(sink.Write(volume.samples().view()));
  return sink.Finish();
}

}  // namespace sgpsam
