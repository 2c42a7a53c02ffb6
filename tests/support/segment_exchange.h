// A caller of SegmentationService for tests: follows the contract as a client should, and remembers
// everything that the server said. Tests that break the contract use the stub themselves.
#ifndef SGPSAM_TESTS_SUPPORT_SEGMENT_EXCHANGE_H_
#define SGPSAM_TESTS_SUPPORT_SEGMENT_EXCHANGE_H_

#include <grpcpp/client_context.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sgpsam/v1/segmentation.grpc.pb.h"

namespace sgpsam {

using SegmentStream = grpc::ClientReaderWriter<v1::SegmentRequest, v1::SegmentResponse>;

struct Exchange {
  grpc::Status status;
  bool accepted = false;
  bool needed_volume = false;
  std::vector<uint32_t> needed_logits;
  std::vector<v1::Progress> progress;
  std::optional<v1::SegmentResult> result;
  std::vector<std::string> outputs;
  uint64_t uploaded_bytes = 0;  // payload and logits
};

inline v1::SegmentRequest HeaderMessage(const v1::SegmentHeader& header) {
  v1::SegmentRequest message;
  *message.mutable_header() = header;
  return message;
}

inline v1::SegmentRequest ChunkMessage(const std::string& data) {
  v1::SegmentRequest message;
  message.mutable_chunk()->set_data(data);
  return message;
}

inline bool SendPayload(SegmentStream& stream, const std::string& payload, Exchange& exchange,
                        size_t chunk_bytes = size_t{1} << 20) {
  for (size_t sent = 0; sent < payload.size(); sent += chunk_bytes) {
    const std::string chunk = payload.substr(sent, chunk_bytes);
    if (!stream.Write(ChunkMessage(chunk))) return false;
    exchange.uploaded_bytes += chunk.size();
  }
  return true;
}

// Reads to the end of the call, answering NeedVolume and NeedLogits.
inline void FinishExchange(SegmentStream& stream, const std::string& payload, const std::string& logits,
                           Exchange& exchange) {
  v1::SegmentResponse response;
  while (stream.Read(&response)) {
    if (response.has_need_volume()) {
      exchange.needed_volume = true;
      SendPayload(stream, payload, exchange);
    } else if (response.has_need_logits()) {
      for (const uint32_t target : response.need_logits().target_index()) {
        exchange.needed_logits.push_back(target);
        v1::SegmentRequest message;
        message.mutable_logits()->set_target_index(target);
        message.mutable_logits()->set_samples(logits);
        stream.Write(message);
        exchange.uploaded_bytes += logits.size();
      }
    } else if (response.has_progress()) {
      exchange.progress.push_back(response.progress());
    } else if (response.has_result()) {
      exchange.result = response.result();
      for (const v1::Output& output : response.result().outputs()) {
        exchange.outputs.emplace_back().reserve(output.size_bytes());
      }
    } else if (response.has_output()) {
      exchange.outputs.at(response.output().output_index()) += response.output().data();
    }
  }
  exchange.status = stream.Finish();
}

// One whole call. `logits` answers NeedLogits, whatever target it names.
inline Exchange Segment(v1::SegmentationService::Stub& stub, const v1::SegmentHeader& header,
                        const std::string& payload, const std::string& logits = "") {
  Exchange exchange;
  grpc::ClientContext context;
  const auto stream = stub.Segment(&context);
  stream->Write(HeaderMessage(header));
  v1::SegmentResponse response;
  if (stream->Read(&response) && response.has_accepted()) {
    exchange.accepted = true;
    if (header.volume().delivery() != v1::DELIVERY_BY_DIGEST) SendPayload(*stream, payload, exchange);
  }
  FinishExchange(*stream, payload, logits, exchange);
  return exchange;
}

}  // namespace sgpsam

#endif  // SGPSAM_TESTS_SUPPORT_SEGMENT_EXCHANGE_H_
