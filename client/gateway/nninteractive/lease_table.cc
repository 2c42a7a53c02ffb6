#include "client/gateway/nninteractive/lease_table.h"

#include <openssl/rand.h>

#include <algorithm>
#include <array>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "core/base/log.h"
#include "core/base/status_macros.h"

namespace sgpsam::gateway {
namespace {

using Sessions = std::vector<std::shared_ptr<Session>>;

absl::Status Gone() { return absl::NotFoundError("the session has expired or is unknown; connect again"); }

absl::StatusOr<std::string> NewToken() {
  std::array<unsigned char, 16> bytes{};
  if (RAND_bytes(bytes.data(), bytes.size()) != 1)
    return absl::InternalError("no random numbers are to be had");
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

}  // namespace

LeaseTable::Use::~Use() {
  if (table_ != nullptr) table_->End(token_, call_);
}

LeaseTable::LeaseTable(const LeaseOptions& options, Clock& clock,
                       std::function<std::shared_ptr<Session>()> make_session)
    : options_(options), clock_(clock), make_session_(std::move(make_session)), thread_([this] { Loop(); }) {}

LeaseTable::~LeaseTable() {
  Close();
  thread_.join();
}

void LeaseTable::Close() {
  absl::MutexLock lock(&mutex_);
  closed_ = true;
  for (const auto& [token, lease] : leases_) lease.session->Cancel();
  changed_.SignalAll();
}

// While a call runs its client waits, and need not be heard of.
absl::Time LeaseTable::EndOf(const Lease& lease) const {
  if (lease.running > 0) return absl::InfiniteFuture();
  return std::min(lease.active + options_.idle_timeout, lease.seen + options_.liveness_timeout);
}

Sessions LeaseTable::TakeOver() {
  const absl::Time now = clock_.Now();
  Sessions over;
  for (auto lease = leases_.begin(); lease != leases_.end();) {
    if (EndOf(lease->second) > now) {
      ++lease;
      continue;
    }
    over.push_back(std::move(lease->second.session));
    lease = leases_.erase(lease);
  }
  if (!over.empty())
    Log(LogLevel::kInfo, "sessions expired", {{"sessions", over.size()}, {"left", leases_.size()}});
  return over;
}

absl::StatusOr<std::string> LeaseTable::Claim() {
  ASSIGN_OR_RETURN(std::string token, NewToken());
  Sessions over;  // freed after the lock
  absl::MutexLock lock(&mutex_);
  over = TakeOver();
  if (closed_) return absl::ResourceExhaustedError("the gateway is shutting down");
  if (leases_.size() >= static_cast<size_t>(options_.max_sessions)) {
    return absl::ResourceExhaustedError(
        absl::StrCat("all ", options_.max_sessions, " sessions of the gateway are taken; try again later"));
  }
  const absl::Time now = clock_.Now();
  leases_[token] = {make_session_(), now, now, 0};
  Log(LogLevel::kInfo, "session claimed", {{"sessions", leases_.size()}});
  changed_.SignalAll();
  return token;
}

absl::StatusOr<LeaseTable::Use> LeaseTable::Begin(absl::string_view token, Call call) {
  Sessions over;
  absl::MutexLock lock(&mutex_);
  over = TakeOver();
  const auto lease = leases_.find(token);
  if (lease == leases_.end() || closed_) return Gone();
  ++lease->second.running;
  Touch(lease->second, call);
  return Use(*this, std::string(token), call, lease->second.session);
}

void LeaseTable::Touch(Lease& lease, Call call) const {
  const absl::Time now = clock_.Now();
  if (call != Call::kLook) lease.seen = now;
  if (call == Call::kAction) lease.active = now;
}

// The time begins anew, because what has just been waited for may have taken longer than it.
void LeaseTable::End(const std::string& token, Call call) {
  absl::MutexLock lock(&mutex_);
  const auto lease = leases_.find(token);
  if (lease == leases_.end()) return;
  --lease->second.running;
  Touch(lease->second, call);
  changed_.SignalAll();
}

absl::StatusOr<absl::Duration> LeaseTable::Remaining(absl::string_view token) {
  Sessions over;
  absl::MutexLock lock(&mutex_);
  over = TakeOver();
  const auto lease = leases_.find(token);
  if (lease == leases_.end()) return Gone();
  return std::max(lease->second.active + options_.idle_timeout - clock_.Now(), absl::ZeroDuration());
}

void LeaseTable::Release(absl::string_view token) {
  std::shared_ptr<Session> released;
  absl::MutexLock lock(&mutex_);
  const auto lease = leases_.find(token);
  if (lease == leases_.end()) return;
  released = std::move(lease->second.session);
  released->Cancel();
  leases_.erase(lease);
  Log(LogLevel::kInfo, "session released", {{"sessions", leases_.size()}});
}

void LeaseTable::Loop() {
  while (true) {
    Sessions over;
    absl::MutexLock lock(&mutex_);
    if (closed_) return;
    over = TakeOver();
    absl::Time next = absl::InfiniteFuture();
    for (const auto& [token, lease] : leases_) next = std::min(next, EndOf(lease));
    clock_.WaitUntil(changed_, mutex_, next);
  }
}

}  // namespace sgpsam::gateway
