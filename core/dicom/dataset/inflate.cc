#include "core/dicom/dataset/inflate.h"

#include <zlib.h>

#include <memory>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/reason.h"
#include "core/base/status_macros.h"

namespace sgpsam {
namespace {

constexpr size_t kBlock = size_t{64} << 10;
constexpr size_t kMaxDeflatedBytes = size_t{1} << 30;  // zlib counts its input in 32 bits

struct EndInflate {
  void operator()(z_stream* stream) const { inflateEnd(stream); }
};

}  // namespace

absl::StatusOr<ByteBuffer> InflateRaw(absl::string_view deflated, size_t max_bytes) {
  if (deflated.size() > kMaxDeflatedBytes)
    return InvalidArgument(Reason::kVolumeTooLarge, "the deflated data set is too large");
  z_stream stream{};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK)
    return absl::ResourceExhaustedError("no memory to inflate a file");
  const std::unique_ptr<z_stream, EndInflate> end(&stream);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(deflated.data()));  // zlib only reads it
  stream.avail_in = static_cast<uInt>(deflated.size());
  // Address space for the worst case; only the pages that are written become memory.
  ASSIGN_OR_RETURN(ByteBuffer inflated, ByteBuffer::WithCapacity(max_bytes));
  const auto block = std::make_unique<uint8_t[]>(kBlock);
  while (true) {
    stream.next_out = block.get();
    stream.avail_out = static_cast<uInt>(kBlock);
    const int code = inflate(&stream, Z_NO_FLUSH);
    const size_t produced = kBlock - stream.avail_out;
    if (!inflated.Append({reinterpret_cast<const char*>(block.get()), produced}).ok()) {
      return InvalidArgument(Reason::kVolumeTooLarge,
                             absl::StrCat("the deflated data set grows beyond ", max_bytes, " bytes"));
    }
    if (code == Z_STREAM_END) return inflated;
    if (code != Z_OK || produced == 0) {
      return absl::InvalidArgumentError("the deflated data set is damaged or truncated");
    }
  }
}

absl::Status InflateFrame(absl::string_view deflated, size_t bytes, std::vector<uint8_t>& samples) {
  ASSIGN_OR_RETURN(const ByteBuffer inflated, InflateRaw(deflated, bytes + 1));
  if (inflated.size() < bytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("a deflated frame has ", inflated.size(), " bytes instead of ", bytes));
  }
  samples.assign(inflated.data(), inflated.data() + bytes);
  return absl::OkStatus();
}

}  // namespace sgpsam
