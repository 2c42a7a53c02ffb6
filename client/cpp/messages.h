// The public header's plain values <-> the contract's messages. Pure functions; private to the library.
#ifndef SGPSAM_CLIENT_CPP_MESSAGES_H_
#define SGPSAM_CLIENT_CPP_MESSAGES_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "sgpsam/client.h"
#include "sgpsam/v1/segmentation.pb.h"

namespace sgpsam::client {

// The header of a request. INVALID_ARGUMENT for what cannot be expressed: no data, corners of a box in
// two spaces, no logits, two spacings. Everything else is the server's to judge.
absl::StatusOr<v1::SegmentHeader> MakeHeader(const SegmentRequest& request);

// Little endian. INVALID_ARGUMENT if there are none; how many it takes, the server knows.
absl::StatusOr<std::string> LogitsBytes(const std::vector<float>& samples);
// INVALID_ARGUMENT if the bytes are not whole float32 samples.
absl::StatusOr<std::vector<float>> FloatSamples(const std::string& bytes);

// Everything of a result but the outputs' bytes.
SegmentResult FromMessage(const v1::SegmentResult& message);
Progress FromMessage(const v1::Progress& message);
ModelDescription FromMessage(const v1::DescribeModelResponse& message);

}  // namespace sgpsam::client

#endif  // SGPSAM_CLIENT_CPP_MESSAGES_H_
