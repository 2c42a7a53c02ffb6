#include "core/base/strict_json.h"

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"

namespace sgpsam {
namespace {

using nlohmann::json;

constexpr size_t kMaxDepth = 16;  // what we read has 4
constexpr size_t kMaxQuoted = 128;

// Watches the parser for keys that repeat and for depth; what lies too deep is not built.
class Watch {
 public:
  std::string problem;

  bool operator()(int depth, json::parse_event_t event, const json& parsed) {
    if (!problem.empty()) return false;  // nothing more is built
    if (event == json::parse_event_t::object_start) keys_.emplace_back();
    if (event == json::parse_event_t::object_end) keys_.pop_back();
    if (event == json::parse_event_t::key && !keys_.back().insert(parsed.get<std::string>()).second) {
      const std::string key = parsed.get<std::string>().substr(0, kMaxQuoted);
      problem = absl::StrCat("\"", absl::CHexEscape(key), "\" is given twice");
    }
    if (static_cast<size_t>(depth) <= kMaxDepth) return true;
    problem = absl::StrCat("nested deeper than ", kMaxDepth, " levels");
    return false;
  }

 private:
  std::vector<std::set<std::string>> keys_;
};

// The parser's exceptions end here.
absl::StatusOr<json> Parse(absl::string_view text, Watch& watch) {
  try {
    return json::parse(text.begin(), text.end(), std::ref(watch));
  } catch (const json::parse_error& error) {
    return absl::InvalidArgumentError(absl::StrCat("not JSON at byte ", error.byte));
  } catch (const json::exception&) {
    return absl::InvalidArgumentError("not JSON: a number is out of range");
  }
}

}  // namespace

absl::StatusOr<json> ParseStrictJson(absl::string_view text, size_t max_bytes) {
  if (text.size() > max_bytes) {
    return absl::InvalidArgumentError(absl::StrCat("longer than ", max_bytes, " bytes"));
  }
  Watch watch;
  absl::StatusOr<json> parsed = Parse(text, watch);
  if (!watch.problem.empty()) return absl::InvalidArgumentError(watch.problem);
  return parsed;
}

}  // namespace sgpsam
