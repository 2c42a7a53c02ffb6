#include "core/raw/nifti.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/base/reason.h"
#include "core/base/status_macros.h"
#include "core/raw/gzip.h"
#include "core/raw/nifti_header.h"

namespace sgpsam {
namespace {

bool IsScaled(const NiftiHeader& header) { return header.slope != 1 || header.intercept != 0; }

// Of the file's samples. The limit holds for what they become, too: scaled ones are floats.
absl::StatusOr<size_t> SampleBytes(const NiftiHeader& header, const NiftiLimits& limits) {
  const uint64_t voxels = static_cast<uint64_t>(header.geometry.shape().voxels());
  const size_t stored = BytesPerSample(header.type);
  const size_t widest = IsScaled(header) ? std::max(stored, sizeof(float)) : stored;
  const uint64_t bytes = voxels * widest;  // Geometry bounds the voxels
  if (bytes > limits.max_volume_bytes) {
    return InvalidArgument(Reason::kVolumeTooLarge,
                           absl::StrCat("NIfTI: the volume has ", bytes, " bytes, more than the limit of ",
                                        limits.max_volume_bytes),
                           {{"max_bytes", absl::StrCat(limits.max_volume_bytes)}});
  }
  return static_cast<size_t>(voxels * stored);
}

absl::Status Truncated(size_t expected) {
  return absl::InvalidArgumentError(
      absl::StrCat("NIfTI: the file is truncated: its header announces ", expected, " bytes of samples"));
}

absl::Status CheckVolumes(const NiftiHeader& header, const NiftiVolumeChoice& choice) {
  if (header.volumes == choice.of) return absl::OkStatus();
  return absl::OutOfRangeError(absl::StrCat("NIfTI: this image has ", header.volumes,
                                            " volumes along its fourth axis, not ", choice.of));
}

struct RawSamples {
  NiftiHeader header;
  ByteBuffer bytes;  // as in the file, without what lies before and after
};

// Where the chosen volume starts; NiftiHeader and the limits bound every factor.
uint64_t OffsetOf(const NiftiHeader& header, const NiftiVolumeChoice& choice, size_t bytes) {
  return header.sample_offset + static_cast<uint64_t>(choice.number) * bytes;
}

absl::StatusOr<RawSamples> ReadPlain(ByteBuffer file, const NiftiVolumeChoice& choice,
                                     const NiftiLimits& limits) {
  RawSamples raw;
  ASSIGN_OR_RETURN(raw.header, ParseNiftiHeader(file.view().substr(0, NiftiHeader::kBytes)));
  RETURN_IF_ERROR(CheckVolumes(raw.header, choice));
  ASSIGN_OR_RETURN(const size_t expected, SampleBytes(raw.header, limits));
  const uint64_t offset = OffsetOf(raw.header, choice, expected);
  if (file.size() < offset || file.size() - offset < expected) return Truncated(expected);
  file.Keep(offset, expected);
  raw.bytes = std::move(file);
  return raw;
}

// Reads what lies between the header and the samples, and checks the file's end after them.
absl::Status Skip(GzipSource& source, uint64_t count) {
  std::array<uint8_t, 1 << 14> discard;
  while (count > 0) {
    ASSIGN_OR_RETURN(const size_t got,
                     source.Read(discard.data(), std::min<uint64_t>(count, discard.size())));
    if (got == 0) return absl::OkStatus();
    count -= got;
  }
  return absl::OkStatus();
}

absl::StatusOr<RawSamples> ReadCompressed(const ByteBuffer& file, const NiftiVolumeChoice& choice,
                                          const NiftiLimits& limits) {
  GzipSource source(file.view());
  std::array<uint8_t, NiftiHeader::kBytes> start;
  ASSIGN_OR_RETURN(const size_t started, source.Read(start.data(), start.size()));
  const absl::string_view head(reinterpret_cast<const char*>(start.data()), started);
  RawSamples raw;
  ASSIGN_OR_RETURN(raw.header, ParseNiftiHeader(head));
  RETURN_IF_ERROR(CheckVolumes(raw.header, choice));
  ASSIGN_OR_RETURN(const size_t expected, SampleBytes(raw.header, limits));
  ASSIGN_OR_RETURN(raw.bytes, ByteBuffer::Zeroed(expected));
  const uint64_t offset = OffsetOf(raw.header, choice, expected);
  size_t filled = 0;
  if (offset < started) {
    filled = std::min<size_t>(started - offset, expected);
    std::memcpy(raw.bytes.data(), start.data() + offset, filled);
  } else {
    RETURN_IF_ERROR(Skip(source, offset - started));
  }
  ASSIGN_OR_RETURN(const size_t rest, source.Read(raw.bytes.data() + filled, expected - filled));
  if (filled + rest < expected) return Truncated(expected);
  // A little further, to where a sound file ends and its checksum is.
  constexpr uint64_t kTrailingBytes = 4096;
  RETURN_IF_ERROR(Skip(source, kTrailingBytes));
  return raw;
}

template <size_t kSize>
void SwapBytes(ByteBuffer& bytes) {
  for (size_t n = 0; n + kSize <= bytes.size(); n += kSize) {
    std::reverse(bytes.data() + n, bytes.data() + n + kSize);
  }
}

void ToNativeOrder(RawSamples& raw) {
  if (!raw.header.swapped) return;
  switch (BytesPerSample(raw.header.type)) {
    case 2: SwapBytes<2>(raw.bytes); break;
    case 4: SwapBytes<4>(raw.bytes); break;
    case 8: SwapBytes<8>(raw.bytes); break;
    default: break;
  }
}

template <typename T>
T Load(const ByteBuffer& bytes, size_t n) {
  T value;
  std::memcpy(&value, bytes.data() + n * sizeof(T), sizeof(T));
  return value;
}

template <typename T>
void Store(ByteBuffer& bytes, size_t n, T value) {
  std::memcpy(bytes.data() + n * sizeof(T), &value, sizeof(T));
}

// slope * value + intercept, in place where the samples are wide enough.
template <typename From, typename To>
absl::StatusOr<ByteBuffer> Scaled(ByteBuffer from, const NiftiHeader& header) {
  const size_t count = from.size() / sizeof(From);
  const auto scale = [&](size_t n) {
    return static_cast<To>(static_cast<double>(Load<From>(from, n)) * header.slope + header.intercept);
  };
  if constexpr (sizeof(From) >= sizeof(To)) {
    for (size_t n = 0; n < count; ++n) Store<To>(from, n, scale(n));
    from.Keep(0, count * sizeof(To));
    return from;
  } else {
    ASSIGN_OR_RETURN(ByteBuffer to, ByteBuffer::Zeroed(count * sizeof(To)));
    for (size_t n = 0; n < count; ++n) Store<To>(to, n, scale(n));
    return to;
  }
}

// 64-bit integers in the place of which 32 bits do: label maps, mostly.
template <typename From, typename To>
absl::StatusOr<ByteBuffer> Narrowed(ByteBuffer bytes) {
  const size_t count = bytes.size() / sizeof(From);
  for (size_t n = 0; n < count; ++n) {
    const From value = Load<From>(bytes, n);
    if (value < static_cast<From>(std::numeric_limits<To>::min()) ||
        value > static_cast<From>(std::numeric_limits<To>::max())) {
      return InvalidArgument(Reason::kUnsupportedImage,
                             "NIfTI: 64-bit samples must fit 32 bits: convert them to float64");
    }
    Store<To>(bytes, n, static_cast<To>(value));
  }
  bytes.Keep(0, count * sizeof(To));
  return bytes;
}

absl::StatusOr<Volume> Finish(const NiftiHeader& header, SampleType type,
                              absl::StatusOr<ByteBuffer> samples) {
  if (!samples.ok()) return std::move(samples).status();
  return Volume::Create(header.geometry, type, *std::move(samples));
}

// The volume in type `kType`, which is T's; scaled samples become float32.
template <typename T, SampleType kType>
absl::StatusOr<Volume> AsVolume(RawSamples raw) {
  const NiftiHeader& header = raw.header;
  const bool scaled = IsScaled(header);
  if constexpr (std::is_same_v<T, double>) {
    if (scaled) return Finish(header, kType, Scaled<double, double>(std::move(raw.bytes), header));
  }
  if (scaled) return Finish(header, SampleType::kFloat32, Scaled<T, float>(std::move(raw.bytes), header));
  if constexpr (std::is_same_v<T, int64_t>) {
    return Finish(header, kType, Narrowed<int64_t, int32_t>(std::move(raw.bytes)));
  } else if constexpr (std::is_same_v<T, uint64_t>) {
    return Finish(header, kType, Narrowed<uint64_t, uint32_t>(std::move(raw.bytes)));
  } else {
    return Finish(header, kType, std::move(raw.bytes));
  }
}

}  // namespace

absl::StatusOr<Volume> ReadNiftiVolume(ByteBuffer bytes, const NiftiVolumeChoice& choice,
                                       const NiftiLimits& limits) {
  RawSamples raw;
  if (IsGzip(bytes.view())) {
    ASSIGN_OR_RETURN(raw, ReadCompressed(bytes, choice, limits));
  } else {
    ASSIGN_OR_RETURN(raw, ReadPlain(std::move(bytes), choice, limits));
  }
  ToNativeOrder(raw);
  switch (raw.header.type) {
    case NiftiType::kUint8: return AsVolume<uint8_t, SampleType::kUint8>(std::move(raw));
    case NiftiType::kInt8: return AsVolume<int8_t, SampleType::kInt8>(std::move(raw));
    case NiftiType::kInt16: return AsVolume<int16_t, SampleType::kInt16>(std::move(raw));
    case NiftiType::kUint16: return AsVolume<uint16_t, SampleType::kUint16>(std::move(raw));
    case NiftiType::kInt32: return AsVolume<int32_t, SampleType::kInt32>(std::move(raw));
    case NiftiType::kUint32: return AsVolume<uint32_t, SampleType::kUint32>(std::move(raw));
    case NiftiType::kFloat32: return AsVolume<float, SampleType::kFloat32>(std::move(raw));
    case NiftiType::kFloat64: return AsVolume<double, SampleType::kFloat64>(std::move(raw));
    case NiftiType::kInt64: return AsVolume<int64_t, SampleType::kInt32>(std::move(raw));
    case NiftiType::kUint64: return AsVolume<uint64_t, SampleType::kUint32>(std::move(raw));
  }
  return absl::InternalError("NIfTI: a datatype without a reader");
}

absl::StatusOr<Volume> ReadNifti(ByteBuffer bytes, const NiftiLimits& limits) {
  absl::StatusOr<Volume> volume = ReadNiftiVolume(std::move(bytes), {}, limits);
  if (absl::IsOutOfRange(volume.status())) {
    return InvalidArgument(Reason::kSeveralVolumes,
                           absl::StrCat(volume.status().message(), ": send one 3D volume of it"));
  }
  if (!volume.ok()) return WithReasonIfNone(volume.status(), Reason::kDamagedFile);
  return volume;
}

}  // namespace sgpsam
