#include "core/raw/gzip.h"

#include <zlib.h>

#include <algorithm>

#include "absl/status/status.h"
#include "core/base/status_macros.h"

namespace sgpsam {
namespace {

// zlib counts in 32 bits; larger spans are handed over in pieces.
constexpr size_t kPiece = size_t{1} << 30;
constexpr int kGzipWindow = 15 + 16;  // the largest window, with a gzip header

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
    // Another member may follow; anything else behind the file is padding.
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

struct GzipSink::Stream {
  z_stream z{};
  bool ok = deflateInit2(&z, Z_BEST_SPEED, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) == Z_OK;
  ~Stream() { deflateEnd(&z); }
};

GzipSink::GzipSink() : stream_(std::make_unique<Stream>()) {}
GzipSink::~GzipSink() = default;

absl::Status GzipSink::Write(absl::string_view bytes) {
  while (!bytes.empty()) {
    const size_t piece = std::min(bytes.size(), kPiece);
    RETURN_IF_ERROR(Run(bytes.substr(0, piece), Z_NO_FLUSH));
    bytes.remove_prefix(piece);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> GzipSink::Finish() {
  RETURN_IF_ERROR(Run({}, Z_FINISH));
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
