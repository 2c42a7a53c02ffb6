#include "client/cli/logits_file.h"

#include <cstring>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace sgpsam::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string TextAt(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

// False if the entry is not one of ours.
bool ReadTarget(const Json& entry, client::PreviousLogits& logits) {
  if (!entry.is_object()) return false;
  std::string bytes;
  logits.sha256 = absl::HexStringToBytes(TextAt(entry, "logits_sha256"));
  if (!absl::Base64Unescape(TextAt(entry, "logits_base64"), &bytes)) return false;
  if (bytes.size() % sizeof(float) != 0 || (bytes.empty() && logits.sha256.empty())) return false;
  logits.samples.resize(bytes.size() / sizeof(float));
  if (!bytes.empty()) std::memcpy(logits.samples.data(), bytes.data(), bytes.size());
  return true;
}

}  // namespace

std::string LogitsToJson(const client::SegmentResult& result) {
  Json targets = Json::array();
  for (const client::TargetResult& target : result.targets) {
    const std::vector<float>& samples = target.previous.samples;
    const absl::string_view bytes(reinterpret_cast<const char*>(samples.data()),
                                  samples.size() * sizeof(float));
    targets.push_back({{"logits_sha256", absl::BytesToHexString(target.previous.sha256)},
                       {"logits_base64", absl::Base64Escape(bytes)}});
  }
  return Json({{"volume_sha256", absl::BytesToHexString(result.volume_sha256)}, {"targets", targets}})
             .dump() +
         "\n";
}

absl::StatusOr<std::vector<client::PreviousLogits>> ReadLogitsFile(const std::string& path,
                                                                   const std::string& volume_sha256) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return absl::NotFoundError(absl::StrCat("cannot read ", path));
  const std::string text(std::istreambuf_iterator<char>(in), {});
  const Json object = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  const absl::Status wrong =
      absl::InvalidArgumentError(absl::StrCat(path, " is not a file that --save-logits wrote"));
  if (!object.is_object() || !object.contains("targets") || !object["targets"].is_array()) return wrong;
  if (TextAt(object, "volume_sha256") != absl::BytesToHexString(volume_sha256)) {
    return absl::FailedPreconditionError(absl::StrCat(path, " belongs to another volume"));
  }
  std::vector<client::PreviousLogits> all;
  for (const Json& entry : object["targets"]) {
    if (!ReadTarget(entry, all.emplace_back())) return wrong;
  }
  return all;
}

}  // namespace sgpsam::cli
