// Starts sgpsam-worker processes, one for each configured device, as engines for the pool.
#ifndef SGPSAM_SERVER_WORKERS_H_
#define SGPSAM_SERVER_WORKERS_H_

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/stop_event.h"
#include "core/engine/engine.h"
#include "server/config.h"

namespace sgpsam {

// Returns when every worker has loaded its model (they load side by side), or the first error. `stop`
// outlives the engines: once it is set, nobody waits for a worker any more, neither here nor in an engine; it
// is killed.
absl::StatusOr<std::vector<std::unique_ptr<Engine>>> StartWorkers(const WorkerOptions& options, int max_batch,
                                                                  const StopEvent& stop);

}  // namespace sgpsam

#endif  // SGPSAM_SERVER_WORKERS_H_
