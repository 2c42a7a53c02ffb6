#include "client/gateway/nninteractive/own_words.h"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "sgpsam/client.h"

namespace sgpsam::gateway {
namespace {

struct Words {
  absl::string_view of, words;
};

// Where the server's text speaks of what its own callers write.
constexpr Words kInstead[] = {
    {"NO_POSITIVE_PROMPT", "give a point, a box, a scribble or a lasso inside of the object first"},
    {"POINT_OUTSIDE_VOLUME", "the point or box lies outside of the image"},
    {"PROMPT_OUTSIDE_PATCH", "the prompt lies too far from the object; begin another object there"},
    {"TOO_MANY_POINTS",
     "the object has 64 points, which is all that it may have; begin another, or go on from its mask"},
    {"TOO_MANY_PROMPTS",
     "the object has 16 boxes, which is all that it may have; begin another, or go on from its mask"},
    {"PROMPT_TOO_LARGE",
     "the scribble or lasso marks too many voxels; give a large region as a box or an initial mask"},
    {"EMPTY_MASK", "the mask, scribble or lasso marks nothing of what was looked at"},
    {"VOLUME_TOO_LARGE", "the image is too large for the server"},
    {"SERVER_BUSY", "the segmentation server is busy; try again in a few seconds"},
};

std::string TextOf(const absl::Status& error) {
  const std::string reason = client::ErrorReason(error);
  const auto* found = std::find_if(std::begin(kInstead), std::end(kInstead),
                                   [&](const Words& words) { return words.of == reason; });
  if (found != std::end(kInstead)) return std::string(found->words);
  absl::string_view text = error.message();
  absl::ConsumePrefix(&text, "target 1: ");  // there is one
  return std::string(text);
}

}  // namespace

HttpAnswer DetailAnswer(int status, absl::string_view detail) {
  const nlohmann::json body = {{"detail", std::string(detail)}};
  // What another server says need not be text.
  HttpAnswer answer{
      status, "application/json", body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace), {}};
  if (status == 503) answer.fields = {{"Retry-After", "10"}};
  return answer;
}

HttpAnswer ErrorAnswer(const absl::Status& error) {
  switch (error.code()) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kOutOfRange: return DetailAnswer(400, TextOf(error));
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kCancelled: return DetailAnswer(410, "the session has ended; connect again");
    case absl::StatusCode::kResourceExhausted: return DetailAnswer(503, TextOf(error));
    case absl::StatusCode::kUnavailable:
      return DetailAnswer(502,
                          "the gateway cannot reach the segmentation server; try again, or ask who runs it");
    case absl::StatusCode::kUnauthenticated:
    case absl::StatusCode::kPermissionDenied:
      return DetailAnswer(
          502, "the gateway and the segmentation server do not trust each other; ask who runs them");
    case absl::StatusCode::kDeadlineExceeded:
      return DetailAnswer(504, "the segmentation server took too long; try again");
    default: return DetailAnswer(500, "the segmentation server failed on this request");
  }
}

}  // namespace sgpsam::gateway
