// A SegmentationService whose every answer is written in the test: for the edges of the protocol that
// a well-behaved server never shows. It listens on a free loopback port and speaks real gRPC.
#ifndef SGPSAM_TESTS_CLIENT_SCRIPTED_SERVICE_H_
#define SGPSAM_TESTS_CLIENT_SCRIPTED_SERVICE_H_

#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "sgpsam/v1/segmentation.grpc.pb.h"

namespace sgpsam::client {

class ScriptedService final : public v1::SegmentationService::Service {
 public:
  using Stream = grpc::ServerReaderWriter<v1::SegmentResponse, v1::SegmentRequest>;
  // Plays the server's side of one call.
  using Script = std::function<grpc::Status(grpc::ServerContext&, Stream&)>;

  explicit ScriptedService(Script script) : script_(std::move(script)) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
  }
  ~ScriptedService() override { server_->Shutdown(); }

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

  grpc::Status Segment(grpc::ServerContext* context, Stream* stream) override {
    return script_(*context, *stream);
  }
  grpc::Status DescribeModel(grpc::ServerContext*, const v1::DescribeModelRequest*,
                             v1::DescribeModelResponse* response) override {
    response->mutable_model()->set_name("scripted");
    for (int axis = 0; axis < 3; ++axis) response->add_patch_voxels(128);
    response->set_patch_spacing_mm(1.5);
    return grpc::Status::OK;
  }

 private:
  const Script script_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

// Lines of scripts.
inline v1::SegmentHeader ReadHeader(ScriptedService::Stream& stream) {
  v1::SegmentRequest request;
  stream.Read(&request);
  return request.header();
}

inline void Accept(ScriptedService::Stream& stream) {
  v1::SegmentResponse response;
  response.mutable_accepted()->set_request_id("r1");
  response.mutable_accepted()->set_chunk_bytes(1 << 20);
  stream.Write(response);
}

inline void AskForVolume(ScriptedService::Stream& stream) {
  v1::SegmentResponse response;
  response.mutable_need_volume();
  stream.Write(response);
}

inline void AskForLogits(ScriptedService::Stream& stream, uint32_t target) {
  v1::SegmentResponse response;
  response.mutable_need_logits()->add_target_index(target);
  stream.Write(response);
}

// A result of one target whose mask is announced as `size` bytes and comes as `bytes`.
inline void Answer(ScriptedService::Stream& stream, const std::string& bytes, uint64_t size) {
  v1::SegmentResponse response;
  v1::SegmentResult& result = *response.mutable_result();
  result.add_targets()->set_voxels(7);
  result.mutable_targets(0)->set_logits_sha256(std::string(32, 'L'));
  v1::Output& output = *result.add_outputs();
  output.set_kind(v1::OUTPUT_KIND_MASK);
  output.set_size_bytes(size);
  stream.Write(response);
  response.mutable_output()->set_data(bytes);
  stream.Write(response);
}

}  // namespace sgpsam::client

#endif  // SGPSAM_TESTS_CLIENT_SCRIPTED_SERVICE_H_
