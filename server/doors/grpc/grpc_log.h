// gRPC's own log, kept from being a hole in ours.
#ifndef SGPSAM_SERVER_DOORS_GRPC_GRPC_LOG_H_
#define SGPSAM_SERVER_DOORS_GRPC_GRPC_LOG_H_

#include "core/base/clock.h"

namespace sgpsam {

// From now on an error that gRPC reports is a line of our log that says where in gRPC it arose and nothing of
// its text, which quotes what a caller sent; at most one line a second, with the number of those left out.
// Call before gRPC is used.
// `clock` is never destroyed.
void CatchGrpcLog(Clock& clock);

}  // namespace sgpsam

#endif  // SGPSAM_SERVER_DOORS_GRPC_GRPC_LOG_H_
