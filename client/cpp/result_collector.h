// Puts a result together from its message and the chunks that follow. The server's sizes are checked,
// not trusted: memory grows only with bytes that came. Not thread-safe.
#ifndef SGPSAM_CLIENT_CPP_RESULT_COLLECTOR_H_
#define SGPSAM_CLIENT_CPP_RESULT_COLLECTOR_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "sgpsam/client.h"
#include "sgpsam/v1/segmentation.pb.h"

namespace sgpsam::client {

class ResultCollector {
 public:
  explicit ResultCollector(MaskFormat format) : format_(format) {}

  // INTERNAL for anything the contract does not allow: a second result, an output before the result or
  // out of order, too many bytes, targets that do not exist.
  absl::Status Add(const v1::SegmentResult& message);
  absl::Status Add(const v1::OutputChunk& chunk);

  uint64_t bytes_done() const { return done_; }
  uint64_t bytes_total() const { return total_; }

  // DATA_LOSS if something is missing. Leaves the collector empty.
  absl::StatusOr<SegmentResult> Finish();

 private:
  absl::Status Place(const v1::Output& output, std::string bytes);

  const MaskFormat format_;
  bool has_result_ = false;
  SegmentResult result_;
  std::vector<v1::Output> outputs_;
  std::vector<std::string> bytes_;  // as outputs_
  uint64_t done_ = 0, total_ = 0;
};

}  // namespace sgpsam::client

#endif  // SGPSAM_CLIENT_CPP_RESULT_COLLECTOR_H_
