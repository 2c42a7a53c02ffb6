#include "client/gateway/nninteractive/door.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "client/gateway/nninteractive/call_fields.h"
#include "client/gateway/nninteractive/own_words.h"
#include "core/base/status_macros.h"

namespace sgpsam::gateway {
namespace {

using nlohmann::json;

constexpr absl::string_view kLease = "X-Lease-Token", kMeta = "X-Meta";
constexpr uint64_t kNoBody = kMaxFieldsBytes;        // clients send {} or nothing
constexpr uint64_t kMaskBytes = uint64_t{64} << 20;  // masks pack to a hundredth and less
constexpr uint64_t kImageBytes = UINT64_MAX;         // stands for NninteractiveOptions::max_image_bytes
constexpr absl::Duration kDescribeTime = absl::Seconds(5);

HttpAnswer JsonAnswer(const json& value) { return {200, "application/json", value.dump(), {}}; }

json RangesOf(const VoxelBox& box) {
  json ranges = json::array();
  for (size_t axis = 0; axis < 3; ++axis) ranges.push_back({box.begin[axis], box.end[axis]});
  return ranges;
}

absl::StatusOr<HttpAnswer> AnswerOf(const absl::StatusOr<Prediction>& prediction) {
  RETURN_IF_ERROR(prediction.status());
  HttpAnswer answer{200, "application/octet-stream", "", {}};
  json meta = {{"ran_prediction", prediction->ran}, {"bbox", nullptr}};
  if (prediction->box) {
    const Shape shape = prediction->box->shape();
    meta["bbox"] = RangesOf(*prediction->box);
    meta["dtype"] = "uint8";
    meta["shape"] = shape;
    ASSIGN_OR_RETURN(answer.body, PackNnia(prediction->voxels, {shape[0], shape[1], shape[2]}));
  }
  answer.fields = {{std::string(kMeta), meta.dump()}};
  return answer;
}

}  // namespace

NninteractiveDoor::NninteractiveDoor(const NninteractiveOptions& options, const client::Client& server,
                                     ByteBudget& budget, Clock& clock)
    : options_(options), server_(server), leases_(options.leases, clock, [this, &budget] {
        return std::make_shared<Session>(server_, budget, options_.max_image_bytes);
      }) {}

const NninteractiveDoor::Call* NninteractiveDoor::Find(absl::string_view path) {
  using Door = NninteractiveDoor;
  constexpr auto kLook = LeaseTable::Call::kLook, kBeat = LeaseTable::Call::kBeat,
                 kAction = LeaseTable::Call::kAction;
  static constexpr Call kCalls[] = {
      {"GET", "/healthz", false, false, kLook, kNoBody, nullptr},
      {"GET", "/capabilities", true, false, kLook, kNoBody, nullptr},
      {"POST", "/claim", true, false, kLook, kNoBody, nullptr},
      {"POST", "/release", true, false, kLook, kNoBody, nullptr},
      {"GET", "/lease_status", true, true, kLook, kNoBody, &Door::Remaining},
      {"POST", "/heartbeat", true, true, kBeat, kNoBody, &Door::Remaining},
      {"POST", "/set_image", true, true, kAction, kImageBytes, &Door::SetImage},
      {"POST", "/set_target_buffer", true, true, kAction, kMaxFieldsBytes, &Door::SetTargetBuffer},
      {"POST", "/set_do_autozoom", true, true, kAction, kMaxFieldsBytes, &Door::SetDoAutozoom},
      {"POST", "/reset_interactions", true, true, kAction, kNoBody, &Door::Reset},
      {"POST", "/add_point_interaction", true, true, kAction, kMaxFieldsBytes, &Door::AddPoint},
      {"POST", "/add_bbox_interaction", true, true, kAction, kMaxFieldsBytes, &Door::AddBox},
      {"POST", "/add_scribble_interaction", true, true, kAction, kMaskBytes, &Door::AddScribble},
      {"POST", "/add_lasso_interaction", true, true, kAction, kMaskBytes, &Door::AddScribble},
      {"POST", "/add_initial_seg_interaction", true, true, kAction, kMaskBytes, &Door::AddInitialMask},
      {"POST", "/predict", true, true, kAction, kMaxFieldsBytes, &Door::Predict},
      {"POST", "/undo", true, true, kAction, kNoBody, &Door::Undo},
  };
  const auto* call =
      std::find_if(std::begin(kCalls), std::end(kCalls), [&](const Call& c) { return path == c.path; });
  return call == std::end(kCalls) ? nullptr : call;
}

// In a time that does not tell how much of the key was right.
bool NninteractiveDoor::HasKey(const HttpHead& head) const {
  if (options_.api_key.empty()) return true;
  absl::string_view given = head.Field("Authorization");
  return absl::ConsumePrefix(&given, "Bearer ") && given.size() == options_.api_key.size() &&
         CRYPTO_memcmp(given.data(), options_.api_key.data(), given.size()) == 0;
}

std::variant<uint64_t, HttpAnswer> NninteractiveDoor::Admit(const HttpHead& head) {
  const Call* call = Find(head.path);
  if (call == nullptr) return DetailAnswer(404, "this is nnInteractive's protocol, which has no such path");
  if (head.method != call->method)
    return DetailAnswer(405, absl::StrCat("this path takes ", call->method, " alone"));
  if (call->key && !HasKey(head)) return DetailAnswer(401, "the API key is missing or wrong");
  if (call->lease) {
    const absl::Status known = leases_.Remaining(head.Field(kLease)).status();
    if (!known.ok()) return DetailAnswer(410, known.message());
  }
  return call->max_body_bytes == kImageBytes ? options_.max_image_bytes : call->max_body_bytes;
}

HttpAnswer NninteractiveDoor::Answer(const HttpHead& head, std::string body) {
  const Call& call = *Find(head.path);  // Admit has found it
  if (!call.lease) return AnswerWithoutLease(head);
  const absl::StatusOr<LeaseTable::Use> use = leases_.Begin(head.Field(kLease), call.kind);
  if (!use.ok()) return DetailAnswer(410, use.status().message());
  const absl::StatusOr<HttpAnswer> answer = (this->*call.handler)(use->session(), head, body);
  return answer.ok() ? *answer : ErrorAnswer(answer.status());
}

HttpAnswer NninteractiveDoor::AnswerWithoutLease(const HttpHead& head) {
  if (head.path == "/healthz") return JsonAnswer({{"ok", true}});
  if (head.path == "/release") {
    leases_.Release(head.Field(kLease));
    return JsonAnswer({{"released", true}});
  }
  const absl::StatusOr<HttpAnswer> answer = head.path == "/claim" ? Claim() : Capabilities();
  return answer.ok() ? *answer : ErrorAnswer(answer.status());
}

absl::StatusOr<HttpAnswer> NninteractiveDoor::Claim() {
  // A client that connects hears now, not at its first click, that there is nobody behind the gateway.
  RETURN_IF_ERROR(server_.DescribeModel(absl::Now() + kDescribeTime).status());
  ASSIGN_OR_RETURN(const std::string token, leases_.Claim());
  const LeaseOptions& leases = leases_.options();
  return JsonAnswer({{"lease_token", token},
                     {"idle_timeout_seconds", absl::ToDoubleSeconds(leases.idle_timeout)},
                     {"liveness_timeout_seconds", absl::ToDoubleSeconds(leases.liveness_timeout)},
                     {"max_sessions", leases.max_sessions}});
}

// The network's channels, which the clients ask for, are those of nnInteractive's own; ours has none.
absl::StatusOr<HttpAnswer> NninteractiveDoor::Capabilities() const {
  ASSIGN_OR_RETURN(const client::ModelDescription description,
                   server_.DescribeModel(absl::Now() + kDescribeTime));
  const json kinds = {
      {"points", true}, {"bbox2d", true}, {"bbox3d", true}, {"scribble", true}, {"lasso", true}};
  const json channels = {{"prev_seg", 0},   {"bbox2d", {1, 2}}, {"bbox3d", {1, 2}},
                         {"lasso", {1, 2}}, {"points", {3, 4}}, {"scribble", {5, 6}}};
  return JsonAnswer({{"supported_interactions", kinds},
                     {"channel_mapping", channels},
                     {"num_interaction_channels", 7},
                     {"supports_initial_label", true},
                     {"supports_zero_shot_label_refinement", true},
                     {"supports_undo", true},
                     {"preferred_scribble_thickness", {2, 2, 2}},
                     {"interaction_decay", nullptr},
                     {"do_autozoom", true},
                     {"patch_size", description.patch_voxels},
                     {"inference_session_version", options_.version},
                     {"license", absl::StrCat("sgpsam-server, model ", description.model.name, " ",
                                              description.model.version,
                                              ": see the model's own licence. Not for diagnosis.")}});
}

absl::StatusOr<HttpAnswer> NninteractiveDoor::Remaining(Session&, const HttpHead& head, const std::string&) {
  ASSIGN_OR_RETURN(const absl::Duration left, leases_.Remaining(head.Field(kLease)));
  return JsonAnswer({{"remaining_seconds", absl::ToDoubleSeconds(left)},
                     {"idle_timeout_seconds", absl::ToDoubleSeconds(leases_.options().idle_timeout)}});
}

absl::StatusOr<HttpAnswer> NninteractiveDoor::SetImage(Session& session, const HttpHead& head,
                                                       const std::string& body) {
  ASSIGN_OR_RETURN(const json fields, ParseFields(head.Field(kMeta)));
  ASSIGN_OR_RETURN(const auto spacing, SpacingField(fields));
  RETURN_IF_ERROR(session.SetImage(body, spacing));
  ASSIGN_OR_RETURN(const Shape shape, session.ImageShape());
  return JsonAnswer({{"original_image_shape", {1, shape[0], shape[1], shape[2]}}});
}

absl::StatusOr<HttpAnswer> NninteractiveDoor::SetTargetBuffer(Session& session, const HttpHead&,
                                                              const std::string& body) {
  ASSIGN_OR_RETURN(const json fields, ParseFields(body));
  ASSIGN_OR_RETURN(const Shape shape, ShapeField(fields, "shape"));
  RETURN_IF_ERROR(session.ShowMask(shape));
  return JsonAnswer(json::object());
}

// Our server looks at other spacings by itself, as the model has learned; the wish is taken and changes
// nothing.
absl::StatusOr<HttpAnswer> NninteractiveDoor::SetDoAutozoom(Session&, const HttpHead&,
                                                            const std::string& body) {
  ASSIGN_OR_RETURN(const json fields, ParseFields(body));
  RETURN_IF_ERROR(BoolField(fields, "do_autozoom").status());
  return JsonAnswer(json::object());
}

absl::StatusOr<HttpAnswer> NninteractiveDoor::Reset(Session& session, const HttpHead&, const std::string&) {
  RETURN_IF_ERROR(session.Reset());
  return JsonAnswer(json::object());
}

absl::StatusOr<HttpAnswer> NninteractiveDoor::AddPoint(Session& session, const HttpHead&,
                                                       const std::string& body) {
  ASSIGN_OR_RETURN(const json fields, ParseFields(body));
  ASSIGN_OR_RETURN(const auto at, NumbersField(fields, "coordinates"));
  ASSIGN_OR_RETURN(const bool positive, BoolField(fields, "include_interaction"));
  ASSIGN_OR_RETURN(const bool run, BoolField(fields, "run_prediction", true));
  return AnswerOf(session.AddPoint(at, positive, run));
}

absl::StatusOr<HttpAnswer> NninteractiveDoor::AddBox(Session& session, const HttpHead&,
                                                     const std::string& body) {
  ASSIGN_OR_RETURN(const json fields, ParseFields(body));
  ASSIGN_OR_RETURN(const auto box, RangesField(fields, "bbox_coords"));
  ASSIGN_OR_RETURN(const bool positive, BoolField(fields, "include_interaction"));
  ASSIGN_OR_RETURN(const bool run, BoolField(fields, "run_prediction", true));
  return AnswerOf(session.AddBox(box, positive, run));
}

absl::StatusOr<HttpAnswer> NninteractiveDoor::AddScribble(Session& session, const HttpHead& head,
                                                          const std::string& body) {
  ASSIGN_OR_RETURN(const json fields, ParseFields(head.Field(kMeta)));
  ASSIGN_OR_RETURN(const bool positive, BoolField(fields, "include_interaction"));
  ASSIGN_OR_RETURN(const bool run, BoolField(fields, "run_prediction", true));
  ASSIGN_OR_RETURN(const auto part, BoxField(fields, "interaction_bbox"));
  return AnswerOf(session.AddScribble(body, part, positive, run));
}

absl::StatusOr<HttpAnswer> NninteractiveDoor::AddInitialMask(Session& session, const HttpHead& head,
                                                             const std::string& body) {
  ASSIGN_OR_RETURN(const json fields, ParseFields(head.Field(kMeta)));
  ASSIGN_OR_RETURN(const bool run, BoolField(fields, "run_prediction", false));
  return AnswerOf(session.SetInitialMask(body, run));
}

absl::StatusOr<HttpAnswer> NninteractiveDoor::Predict(Session& session, const HttpHead&,
                                                      const std::string& body) {
  ASSIGN_OR_RETURN(const json fields, ParseFields(body));
  ASSIGN_OR_RETURN(const bool always, BoolField(fields, "force_full_refine", false));
  return AnswerOf(session.Predict(always));
}

absl::StatusOr<HttpAnswer> NninteractiveDoor::Undo(Session& session, const HttpHead&, const std::string&) {
  return AnswerOf(session.Undo());
}

}  // namespace sgpsam::gateway
