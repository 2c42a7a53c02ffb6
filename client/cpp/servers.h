// The servers of one Client, with a channel each. Calls go round them; those of one volume stay where it was
// last sent, so that a further click finds it there. Thread-safe; private to the library.
#ifndef SGPSAM_CLIENT_CPP_SERVERS_H_
#define SGPSAM_CLIENT_CPP_SERVERS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "sgpsam/client.h"
#include "sgpsam/v1/segmentation.grpc.pb.h"

namespace sgpsam::client {

class Servers {
 public:
  // `targets`: gRPC's, separated by commas. Connects nowhere yet. INVALID_ARGUMENT and other errors of the
  // files name them.
  static absl::StatusOr<std::unique_ptr<Servers>> Open(const std::string& targets,
                                                       const ConnectOptions& options);

  size_t size() const { return stubs_.size(); }
  v1::SegmentationService::Stub& stub(size_t server) { return *stubs_[server]; }

  // Where a call about this volume begins: its digest, or "" if that is not known. The first call of all
  // begins where the digest falls, so that another run of the same program finds the volume there.
  size_t First(const std::string& volume) ABSL_LOCKS_EXCLUDED(mutex_);
  // The server has it now.
  void Remember(const std::string& volume, size_t server) ABSL_LOCKS_EXCLUDED(mutex_);

  // Of a connection that could not be made: what is wrong with TLS, if that is what it looks like, and what
  // to do. UNAUTHENTICATED where another attempt would change nothing.
  absl::Status Explained(const absl::Status& status, size_t server) const;

 private:
  Servers(std::vector<std::string> targets, const ConnectOptions& options);

  const std::vector<std::string> targets_;
  const std::optional<Tls> tls_;
  std::vector<std::unique_ptr<v1::SegmentationService::Stub>> stubs_;
  absl::Mutex mutex_;
  absl::flat_hash_map<std::string, size_t> last_ ABSL_GUARDED_BY(mutex_);
  std::optional<uint64_t> next_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sgpsam::client

#endif  // SGPSAM_CLIENT_CPP_SERVERS_H_
