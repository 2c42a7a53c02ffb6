#include "core/volume/volume.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/reason.h"

namespace sgpsam {

size_t BytesPerSample(SampleType type) {
  switch (type) {
    case SampleType::kInt8:
    case SampleType::kUint8: return 1;
    case SampleType::kInt16:
    case SampleType::kUint16: return 2;
    case SampleType::kInt32:
    case SampleType::kUint32:
    case SampleType::kFloat32: return 4;
    case SampleType::kFloat64: return 8;
  }
  return 8;
}

bool IsInteger(SampleType type) { return type != SampleType::kFloat32 && type != SampleType::kFloat64; }

absl::StatusOr<Volume> Volume::Create(Geometry geometry, SampleType type, ByteBuffer samples) {
  const size_t expected = static_cast<size_t>(geometry.shape().voxels()) * BytesPerSample(type);
  if (samples.size() != expected) {
    return InvalidArgument(Reason::kPayloadMismatch,
                           absl::StrCat("a volume of this shape and sample type has ", expected,
                                        " bytes, not ", samples.size()));
  }
  Volume volume;
  volume.geometry_ = geometry;
  volume.type_ = type;
  volume.samples_ = std::move(samples);
  return volume;
}

double Volume::at(int64_t i, int64_t j, int64_t k) const {
  const Shape& shape = geometry_.shape();
  const size_t offset = static_cast<size_t>((k * shape.j + j) * shape.i + i);
  return VisitSamples(*this, [offset](auto* samples) { return static_cast<double>(samples[offset]); });
}

}  // namespace sgpsam
