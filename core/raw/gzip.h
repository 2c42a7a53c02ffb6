// Gzip streams, in pieces of the caller's size: no more is inflated than is asked for, so a bomb costs
// nothing, and nothing larger than a piece is held twice. One thread at a time.
#ifndef SGPSAM_CORE_RAW_GZIP_H_
#define SGPSAM_CORE_RAW_GZIP_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace sgpsam {

// True if the bytes start as a gzip file does.
bool IsGzip(absl::string_view bytes);

// Inflates a gzip file of one or more members. The compressed bytes outlive the source.
class GzipSource {
 public:
  explicit GzipSource(absl::string_view compressed);
  ~GzipSource();
  GzipSource(const GzipSource&) = delete;
  GzipSource& operator=(const GzipSource&) = delete;

  // Fills `out` with the next `size` bytes; fewer only at the end of the file. INVALID_ARGUMENT if
  // the file is corrupt or ends early.
  absl::StatusOr<size_t> Read(uint8_t* out, size_t size);

 private:
  struct Stream;
  absl::Status Step();

  absl::string_view rest_;
  bool done_ = false;
  std::unique_ptr<Stream> stream_;
};

// Deflates into a string. Fast rather than small: label maps are nearly empty, and long runs of zeros cost
// nearly nothing.
class GzipSink {
 public:
  GzipSink();
  ~GzipSink();
  GzipSink(const GzipSink&) = delete;
  GzipSink& operator=(const GzipSink&) = delete;

  // RESOURCE_EXHAUSTED if there is no memory.
  absl::Status Write(absl::string_view bytes);
  // As Write of `count` zero bytes.
  absl::Status WriteZeros(uint64_t count);
  // The whole file; the sink is unusable afterwards.
  absl::StatusOr<std::string> Finish();

 private:
  struct Stream;
  absl::Status Run(absl::string_view bytes, int flush);
  absl::Status WriteZeroRuns(uint64_t runs);

  std::string out_;
  uint64_t size_ = 0;  // before deflating
  uint32_t crc_ = 0;
  std::unique_ptr<Stream> stream_;
};

}  // namespace sgpsam

#endif  // SGPSAM_CORE_RAW_GZIP_H_
