// Whether this server should be sent requests: some worker can take work, and nobody asked it to stop.
// Tells grpc.health.v1 (for "" and the service's name) whenever that changes; /readyz asks `ready`.
// Thread-safe; owns one thread.
#ifndef SGPSAM_SERVER_DOORS_ADMIN_HEALTH_H_
#define SGPSAM_SERVER_DOORS_ADMIN_HEALTH_H_

#include <grpcpp/health_check_service_interface.h>

#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "core/base/clock.h"
#include "core/batching/worker_pool.h"

namespace sgpsam {

class Health {
 public:
  // `pool`, `service` and `clock` outlive the health.
  Health(const WorkerPool& pool, grpc::HealthCheckServiceInterface& service, Clock& clock);
  ~Health();

  bool ready() const;

  // Not ready from now on, at once and for good.
  void StopServing();

 private:
  void Watch();
  void Tell(bool serving) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const WorkerPool& pool_;
  grpc::HealthCheckServiceInterface& service_;
  Clock& clock_;
  mutable absl::Mutex mutex_;
  absl::CondVar wake_;
  bool serving_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;  // serves nobody any more
  bool dying_ ABSL_GUARDED_BY(mutex_) = false;    // the thread is to end
  std::thread thread_;
};

}  // namespace sgpsam

#endif  // SGPSAM_SERVER_DOORS_ADMIN_HEALTH_H_
