// nnInteractive's protocol (client 2.5 and later, under 3D Slicer's and napari's plug-ins) over the gateway's
// HTTP server: parses calls, phrases answers; what they mean is in session.h. Fields and their order are
// those of inference/remote/remote_session.py of nninteractive-client 2.6.0.
//
// Key and lease are looked at before a body is read. An error is {"detail": text}, for the user: 400 for what
// the server or the gateway refuses, 401 for a wrong key, 410 for a lease that is gone, 413 for a body that
// is too large, 503 with Retry-After where there is no room at the moment, 502 and 504 if the server cannot
// be reached or takes too long.
#ifndef SGPSAM_CLIENT_GATEWAY_NNINTERACTIVE_DOOR_H_
#define SGPSAM_CLIENT_GATEWAY_NNINTERACTIVE_DOOR_H_

#include <cstdint>
#include <string>
#include <variant>

#include "client/gateway/http/byte_budget.h"
#include "client/gateway/http/http_server.h"
#include "client/gateway/nninteractive/lease_table.h"
#include "core/base/clock.h"
#include "sgpsam/client.h"

namespace sgpsam::gateway {

struct NninteractiveOptions {
  std::string api_key;                           // empty: none is asked for
  uint64_t max_image_bytes = uint64_t{2} << 30;  // unpacked; its body may have as many
  LeaseOptions leases;
  std::string version;  // of this program
};

class NninteractiveDoor : public HttpService {
 public:
  // All three outlive the door.
  NninteractiveDoor(const NninteractiveOptions& options, const client::Client& server, ByteBudget& budget,
                    Clock& clock);

  std::variant<uint64_t, HttpAnswer> Admit(const HttpHead& head) override;
  HttpAnswer Answer(const HttpHead& head, std::string body) override;

  void Close() { leases_.Close(); }  // what runs ends soon

 private:
  using Handler = absl::StatusOr<HttpAnswer> (NninteractiveDoor::*)(Session& session, const HttpHead& head,
                                                                    const std::string& body);
  // A call of the protocol.
  struct Call {
    const char* method;
    const char* path;
    bool key, lease;  // which it asks for
    LeaseTable::Call kind;
    uint64_t max_body_bytes;
    Handler handler;
  };
  static const Call* Find(absl::string_view path);

  bool HasKey(const HttpHead& head) const;
  // Calls without a lease.
  HttpAnswer AnswerWithoutLease(const HttpHead& head);
  absl::StatusOr<HttpAnswer> Claim();
  absl::StatusOr<HttpAnswer> Capabilities() const;

  absl::StatusOr<HttpAnswer> Remaining(Session&, const HttpHead& head, const std::string&);
  absl::StatusOr<HttpAnswer> SetImage(Session& session, const HttpHead& head, const std::string& body);
  absl::StatusOr<HttpAnswer> SetTargetBuffer(Session& session, const HttpHead&, const std::string& body);
  absl::StatusOr<HttpAnswer> SetDoAutozoom(Session&, const HttpHead&, const std::string& body);
  absl::StatusOr<HttpAnswer> Reset(Session& session, const HttpHead&, const std::string&);
  absl::StatusOr<HttpAnswer> AddPoint(Session& session, const HttpHead&, const std::string& body);
  absl::StatusOr<HttpAnswer> AddBox(Session& session, const HttpHead&, const std::string& body);
  absl::StatusOr<HttpAnswer> AddScribble(Session& session, const HttpHead& head, const std::string& body);
  absl::StatusOr<HttpAnswer> AddInitialMask(Session& session, const HttpHead& head, const std::string& body);
  absl::StatusOr<HttpAnswer> Predict(Session& session, const HttpHead&, const std::string& body);
  absl::StatusOr<HttpAnswer> Undo(Session& session, const HttpHead&, const std::string&);

  const NninteractiveOptions options_;
  const client::Client& server_;
  LeaseTable leases_;
};

}  // namespace sgpsam::gateway

#endif  // SGPSAM_CLIENT_GATEWAY_NNINTERACTIVE_DOOR_H_
