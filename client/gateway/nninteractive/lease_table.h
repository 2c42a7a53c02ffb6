// Who may use the gateway at the moment: leases, as nnInteractive's protocol has them. A client claims one,
// names it in every call and gives it back; one whose user does nothing for long, or who is not heard of at
// all, is taken from him, and what it held is freed. Nothing survives the process: after a restart all leases
// are unknown, and clients begin anew. Thread-safe. Owns a thread, which takes leases back whose time is
// over.
#ifndef SGPSAM_CLIENT_GATEWAY_NNINTERACTIVE_LEASE_TABLE_H_
#define SGPSAM_CLIENT_GATEWAY_NNINTERACTIVE_LEASE_TABLE_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "client/gateway/nninteractive/session.h"
#include "core/base/clock.h"

namespace sgpsam::gateway {

struct LeaseOptions {
  int max_sessions = 8;
  absl::Duration idle_timeout = absl::Minutes(10);      // without a user's action; heartbeats are none
  absl::Duration liveness_timeout = absl::Seconds(60);  // without any call; clients beat every half of it
};

class LeaseTable {
 public:
  // What a call does for its lease's time.
  enum class Call { kLook, kBeat, kAction };

  // A session for as long as the call runs: its lease is not taken back meanwhile.
  class Use {
   public:
    Use(LeaseTable& table, std::string token, Call call, std::shared_ptr<Session> session)
        : table_(&table), token_(std::move(token)), call_(call), session_(std::move(session)) {}
    ~Use();
    Use(Use&& other) noexcept
        : table_(std::exchange(other.table_, nullptr)),
          token_(std::move(other.token_)),
          call_(other.call_),
          session_(std::move(other.session_)) {}
    Session& session() const { return *session_; }

   private:
    LeaseTable* table_;
    std::string token_;
    Call call_;
    std::shared_ptr<Session> session_;
  };

  // `clock` outlives the table.
  LeaseTable(const LeaseOptions& options, Clock& clock,
             std::function<std::shared_ptr<Session>()> make_session);
  ~LeaseTable();  // no call may be running

  const LeaseOptions& options() const { return options_; }

  // A new token, 32 hexadecimal digits that nobody guesses. RESOURCE_EXHAUSTED if all leases are taken.
  absl::StatusOr<std::string> Claim() ABSL_LOCKS_EXCLUDED(mutex_);
  // NOT_FOUND if the token is missing, unknown, given back or taken back.
  absl::StatusOr<Use> Begin(absl::string_view token, Call call) ABSL_LOCKS_EXCLUDED(mutex_);
  // How long until it is idle too long. NOT_FOUND as above.
  absl::StatusOr<absl::Duration> Remaining(absl::string_view token) ABSL_LOCKS_EXCLUDED(mutex_);
  void Release(absl::string_view token) ABSL_LOCKS_EXCLUDED(mutex_);  // one that is gone, too
  // Stops what runs in all sessions; the table takes nothing more.
  void Close() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  struct Lease {
    std::shared_ptr<Session> session;
    absl::Time active, seen;  // the last action, the last call
    int running = 0;          // calls
  };
  using Leases = std::map<std::string, Lease, std::less<>>;

  absl::Time EndOf(const Lease& lease) const;
  void Touch(Lease& lease, Call call) const;
  // Takes out those whose time is over, for the caller to free without the lock.
  std::vector<std::shared_ptr<Session>> TakeOver() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void End(const std::string& token, Call call) ABSL_LOCKS_EXCLUDED(mutex_);
  void Loop() ABSL_LOCKS_EXCLUDED(mutex_);

  const LeaseOptions options_;
  Clock& clock_;
  const std::function<std::shared_ptr<Session>()> make_session_;
  absl::Mutex mutex_;
  absl::CondVar changed_;
  Leases leases_ ABSL_GUARDED_BY(mutex_);
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace sgpsam::gateway

#endif  // SGPSAM_CLIENT_GATEWAY_NNINTERACTIVE_LEASE_TABLE_H_
