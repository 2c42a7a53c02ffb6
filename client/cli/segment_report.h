// What `sgpsam segment` says when it is done: a few lines for people, one JSON object for programs. Warnings
// are in the command line's words in both.
#ifndef SGPSAM_CLIENT_CLI_SEGMENT_REPORT_H_
#define SGPSAM_CLIENT_CLI_SEGMENT_REPORT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "sgpsam/client.h"

namespace sgpsam::cli {

struct SegmentReport {
  const client::SegmentResult& result;
  const std::vector<client::Target>& targets;
  std::string out;  // the file that was written
  uint64_t out_bytes = 0;
  absl::Duration total;  // as the caller saw it
  bool verbose = false;  // people are told of patches, gates, times and the model, too

  bool empty() const;  // for at least one target nothing was found
};

std::string ReportForPeople(const SegmentReport& report);
std::string ReportAsJson(const SegmentReport& report);

}  // namespace sgpsam::cli

#endif  // SGPSAM_CLIENT_CLI_SEGMENT_REPORT_H_
