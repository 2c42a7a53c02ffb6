// What went wrong -> what a user of 3D Slicer or napari is told, and the status that his client understands.
// Pure functions.
#ifndef SGPSAM_CLIENT_GATEWAY_NNINTERACTIVE_OWN_WORDS_H_
#define SGPSAM_CLIENT_GATEWAY_NNINTERACTIVE_OWN_WORDS_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "client/gateway/http/http_message.h"

namespace sgpsam::gateway {

// {"detail": text}.
HttpAnswer DetailAnswer(int status, absl::string_view detail);

// Of the server's error or one of the gateway. Clients take every 503 for "full, come back later", so that
// nothing else is one.
HttpAnswer ErrorAnswer(const absl::Status& error);

}  // namespace sgpsam::gateway

#endif  // SGPSAM_CLIENT_GATEWAY_NNINTERACTIVE_OWN_WORDS_H_
