// A request and an answer as the gateway's protocols see them. Plain values.
#ifndef SGPSAM_CLIENT_GATEWAY_HTTP_HTTP_MESSAGE_H_
#define SGPSAM_CLIENT_GATEWAY_HTTP_HTTP_MESSAGE_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"

namespace sgpsam::gateway {

using HttpFields = std::vector<std::pair<std::string, std::string>>;

// The request without its body.
struct HttpHead {
  std::string method;  // "GET"
  std::string path;    // without the query: "/set_image"
  HttpFields fields;

  // The value of the first field of this name, in any case of letters; empty if there is none.
  absl::string_view Field(absl::string_view name) const {
    for (const auto& [field, value] : fields) {
      if (absl::EqualsIgnoreCase(field, name)) return value;
    }
    return "";
  }
};

struct HttpAnswer {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  HttpFields fields = {};  // besides Content-Type and Content-Length
};

}  // namespace sgpsam::gateway

#endif  // SGPSAM_CLIENT_GATEWAY_HTTP_HTTP_MESSAGE_H_
