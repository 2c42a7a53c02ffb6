// What one call still has to say, in order: small messages first, then the result and its outputs in
// chunks, each made only when it is asked for, so that a slow reader costs no second copy. Not
// thread-safe: the call guards it.
#ifndef SGPSAM_SERVER_DOORS_GRPC_RESPONSE_STREAM_H_
#define SGPSAM_SERVER_DOORS_GRPC_RESPONSE_STREAM_H_

#include <deque>
#include <vector>

#include "server/segment/segment_result.h"
#include "sgpsam/v1/segmentation.pb.h"

namespace sgpsam {

class ResponseStream {
 public:
  // A progress message replaces one that still waits after everything else.
  void Push(v1::SegmentResponse message);
  void PushResult(v1::SegmentResult result, std::vector<Output> outputs);
  // Forgets everything.
  void Clear();

  // Fills in the next message; false if there is none now.
  bool Next(v1::SegmentResponse& message);

 private:
  std::deque<v1::SegmentResponse> messages_;
  std::vector<Output> outputs_;
  size_t output_ = 0;  // the one being sent
  size_t sent_ = 0;    // bytes of it
};

}  // namespace sgpsam

#endif  // SGPSAM_SERVER_DOORS_GRPC_RESPONSE_STREAM_H_
