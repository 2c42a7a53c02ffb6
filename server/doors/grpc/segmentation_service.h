// The contract's service on gRPC's callback API: makes a SegmentCall for every stream and answers
// DescribeModel. Nothing here blocks.
#ifndef SGPSAM_SERVER_DOORS_GRPC_SEGMENTATION_SERVICE_H_
#define SGPSAM_SERVER_DOORS_GRPC_SEGMENTATION_SERVICE_H_

#include <string>
#include <utility>

#include "server/doors/grpc/convert.h"
#include "server/doors/grpc/segment_call.h"
#include "sgpsam/v1/segmentation.grpc.pb.h"

namespace sgpsam {

class SegmentationService final
    : public v1::SegmentationService::WithRawCallbackMethod_Segment<
          v1::SegmentationService::WithCallbackMethod_DescribeModel<v1::SegmentationService::Service>> {
 public:
  // What `services` refers to outlives the service.
  SegmentationService(CallServices services, std::string server_version)
      : services_(services), server_version_(std::move(server_version)) {}

  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* Segment(
      grpc::CallbackServerContext* context) override {
    return SegmentCall::Start(services_, *context);
  }

  grpc::ServerUnaryReactor* DescribeModel(grpc::CallbackServerContext* context,
                                          const v1::DescribeModelRequest*,
                                          v1::DescribeModelResponse* response) override {
    *response = Describe(services_.pool.info(), services_.pool.devices(), server_version_, services_.limits);
    grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

 private:
  CallServices services_;
  const std::string server_version_;
};

}  // namespace sgpsam

#endif  // SGPSAM_SERVER_DOORS_GRPC_SEGMENTATION_SERVICE_H_
