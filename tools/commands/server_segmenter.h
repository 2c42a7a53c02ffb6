// What answers a reader's clicks on one image: a running server, through the public contract, so that an
// evaluation measures what is served. One thread at a time.
#ifndef SGPSAM_TOOLS_COMMANDS_SERVER_SEGMENTER_H_
#define SGPSAM_TOOLS_COMMANDS_SERVER_SEGMENTER_H_

#include "absl/status/statusor.h"
#include "core/looks/target_options.h"
#include "core/volume/geometry.h"
#include "core/volume/volume.h"
#include "sgpsam/client.h"
#include "tools/learn/cases/case.h"
#include "tools/learn/evaluation/evaluate_case.h"

namespace sgpsam::tools {

class ServerSegmenter final : public CaseSegmenter {
 public:
  // `client` outlives it; the image is copied. Sent as raw samples,
  // which need axes at right angles, with the modality.
  ServerSegmenter(const client::Client& client, const Case& source, const TargetOptions& options);

  // The server's own errors.
  absl::StatusOr<CaseAnswer> Segment(const Prompts& prompts) override;

 private:
  const client::Client& client_;
  const Shape shape_;
  client::SegmentRequest request_;
};

}  // namespace sgpsam::tools

#endif  // SGPSAM_TOOLS_COMMANDS_SERVER_SEGMENTER_H_
