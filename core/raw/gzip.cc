#include "core/raw/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "core/base/status_macros.h"

namespace sgpsam {
namespace {

// zlib counts in 32 bits; larger spans are handed over in pieces.
constexpr size_t kPiece = size_t{1} << 30;
constexpr int kGzipWindow = 15 + 16;  // the largest window, with a gzip header
constexpr int kRawWindow = -15;       // the largest window, without any header

// zlib takes its input as non-const, but does not write to it.
Bytef* AsInput(absl::string_view bytes) { return reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data())); }

}  // namespace

bool IsGzip(absl::string_view bytes) { return bytes.size() >= 2 && bytes[0] == '\x1f' && bytes[1] == '\x8b'; }

struct GzipSource::Stream {
  z_stream z{};
  bool ok = inflateInit2(&z, kGzipWindow) == Z_OK;
  ~Stream() { inflateEnd(&z); }
};

GzipSource::GzipSource(absl::string_view compressed)
    : rest_(compressed), stream_(std::make_unique<Stream>()) {}
GzipSource::~GzipSource() = default;

absl::StatusOr<size_t> GzipSource::Read(uint8_t* out, size_t size) {
  if (!stream_->ok) return absl::ResourceExhaustedError("no memory to inflate a gzip file");
  size_t filled = 0;
  while (filled < size && !done_) {
    const size_t piece = std::min(size - filled, kPiece);
    stream_->z.next_out = out + filled;
    stream_->z.avail_out = static_cast<uInt>(piece);
    RETURN_IF_ERROR(Step());
    filled += piece - stream_->z.avail_out;
  }
  return filled;
}

// One call of inflate, which either consumes input or produces output.
absl::Status GzipSource::Step() {
  const size_t piece = std::min(rest_.size(), kPiece);
  stream_->z.next_in = AsInput(rest_);
  stream_->z.avail_in = static_cast<uInt>(piece);
  const int result = inflate(&stream_->z, Z_NO_FLUSH);
  rest_.remove_prefix(piece - stream_->z.avail_in);
  if (result == Z_STREAM_END) {
    // Another member may follow; anything else after the file is padding.
    done_ = !IsGzip(rest_);
    if (!done_) inflateReset(&stream_->z);
    return absl::OkStatus();
  }
  if (result == Z_BUF_ERROR || (result == Z_OK && rest_.empty() && stream_->z.avail_out != 0)) {
    return absl::InvalidArgumentError("the gzip file is truncated: send it whole");
  }
  if (result == Z_MEM_ERROR) return absl::ResourceExhaustedError("no memory to inflate a gzip file");
  if (result != Z_OK) return absl::InvalidArgumentError("the gzip file is corrupt: compress it anew");
  return absl::OkStatus();
}

// A run of zeros as it is deflated between two full flushes, and how one changes the checksum.
struct ZeroRun {
  static constexpr size_t kBytes = size_t{1} << 14;
  std::string deflated;  // empty: none was needed yet
  uint32_t crc = 0;
  uLong append = 0;  // crc32_combine_gen
};

struct GzipSink::Stream {
  z_stream z{};
  bool ok = deflateInit2(&z, Z_BEST_SPEED, Z_DEFLATED, kRawWindow, 8, Z_DEFAULT_STRATEGY) == Z_OK;
  ZeroRun zeros;
  ~Stream() { deflateEnd(&z); }
};

// Deflate, no time, no name, fastest, Unix.
GzipSink::GzipSink() : out_("\x1f\x8b\x08\0\0\0\0\0\x04\x03", 10), stream_(std::make_unique<Stream>()) {}
GzipSink::~GzipSink() = default;

absl::Status GzipSink::Write(absl::string_view bytes) {
  size_ += bytes.size();
  crc_ = static_cast<uint32_t>(crc32_z(crc_, AsInput(bytes), bytes.size()));
  while (!bytes.empty()) {
    const size_t piece = std::min(bytes.size(), kPiece);
    RETURN_IF_ERROR(Run(bytes.substr(0, piece), Z_NO_FLUSH));
    bytes.remove_prefix(piece);
  }
  return absl::OkStatus();
}

absl::Status GzipSink::WriteZeros(uint64_t count) {
  if (count >= ZeroRun::kBytes) RETURN_IF_ERROR(WriteZeroRuns(count / ZeroRun::kBytes));
  return Write(std::string(count % ZeroRun::kBytes, '\0'));
}

// A full flush ends at a byte and forgets what came before, so what is deflated between two of them means
// the same at any other full flush: a run is deflated once and then repeated.
absl::Status GzipSink::WriteZeroRuns(uint64_t runs) {
  RETURN_IF_ERROR(Run({}, Z_FULL_FLUSH));
  ZeroRun& zeros = stream_->zeros;
  if (zeros.deflated.empty()) {
    const std::string bytes(ZeroRun::kBytes, '\0');
    const size_t begin = out_.size();
    RETURN_IF_ERROR(Run(bytes, Z_FULL_FLUSH));
    zeros.deflated = out_.substr(begin);
    out_.resize(begin);
    zeros.crc = static_cast<uint32_t>(crc32_z(0, AsInput(bytes), bytes.size()));
    zeros.append = crc32_combine_gen(ZeroRun::kBytes);
  }
  size_ += runs * ZeroRun::kBytes;
  for (uint64_t n = 0; n < runs; ++n) {
    out_.append(zeros.deflated);
    crc_ = static_cast<uint32_t>(crc32_combine_op(crc_, zeros.crc, zeros.append));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> GzipSink::Finish() {
  RETURN_IF_ERROR(Run({}, Z_FINISH));
  for (const uint32_t word : {crc_, static_cast<uint32_t>(size_)}) {
    for (int shift = 0; shift < 32; shift += 8) out_.push_back(static_cast<char>(word >> shift));
  }
  return std::move(out_);
}

absl::Status GzipSink::Run(absl::string_view bytes, int flush) {
  if (!stream_->ok) return absl::ResourceExhaustedError("no memory to write a gzip file");
  stream_->z.next_in = AsInput(bytes);
  stream_->z.avail_in = static_cast<uInt>(bytes.size());
  char buffer[1 << 16];
  do {
    stream_->z.next_out = reinterpret_cast<Bytef*>(buffer);
    stream_->z.avail_out = sizeof(buffer);
    if (deflate(&stream_->z, flush) == Z_STREAM_ERROR) return absl::InternalError("zlib refused to deflate");
    out_.append(buffer, sizeof(buffer) - stream_->z.avail_out);
  } while (stream_->z.avail_out == 0);
  return absl::OkStatus();
}

}  // namespace sgpsam
