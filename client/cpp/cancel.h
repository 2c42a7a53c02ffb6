// What Cancel holds: the calls that run under it. Private to the library.
#ifndef SGPSAM_CLIENT_CPP_CANCEL_H_
#define SGPSAM_CLIENT_CPP_CANCEL_H_

#include <grpcpp/client_context.h>

#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "sgpsam/client.h"

namespace sgpsam::client {

struct Cancel::State {
  absl::Mutex mutex;
  bool requested ABSL_GUARDED_BY(mutex) = false;
  std::vector<grpc::ClientContext*> calls ABSL_GUARDED_BY(mutex);
};

// False as soon as the cancel is, or was, used; true after this time otherwise.
bool WaitUnlessCancelled(const Cancel& cancel, absl::Duration time);

// Puts one call under a Cancel for as long as it lives; the context outlives it.
class CancelScope {
 public:
  CancelScope(const Cancel& cancel, grpc::ClientContext& context);
  ~CancelScope();
  CancelScope(const CancelScope&) = delete;
  CancelScope& operator=(const CancelScope&) = delete;

 private:
  const std::shared_ptr<Cancel::State> state_;
  grpc::ClientContext& context_;
};

}  // namespace sgpsam::client

#endif  // SGPSAM_CLIENT_CPP_CANCEL_H_
