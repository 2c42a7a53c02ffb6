#include "client/cli/logits_file.h"

#include <cstdint>
#include <cstring>
#include <nlohmann/json.hpp>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/base/file_io.h"
#include "core/base/status_macros.h"

namespace sgpsam::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string TextAt(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

// Far more than 16 targets of any model have: what is larger is not read.
constexpr uint64_t kMaxFileBytes = uint64_t{256} << 20;
constexpr size_t kMaxTargets = 16, kDigestDigits = 64;

bool IsDigest(const std::string& hex) {
  return hex.size() == kDigestDigits &&
         absl::c_all_of(hex, [](char c) { return absl::ascii_isxdigit(static_cast<unsigned char>(c)); });
}

Json PatchJson(const client::PatchPosition& patch) {
  return {{"centre_lps_mm", patch.centre_lps_mm}, {"spacing_mm", patch.spacing_mm}};
}

bool ReadPatch(const Json& entry, client::PatchPosition& patch) {
  if (!entry.is_object() || !entry.contains("centre_lps_mm") || !entry.contains("spacing_mm")) return false;
  const Json& centre = entry["centre_lps_mm"];
  if (!centre.is_array() || centre.size() != patch.centre_lps_mm.size() || !entry["spacing_mm"].is_number()) {
    return false;
  }
  for (size_t n = 0; n < centre.size(); ++n) {
    if (!centre[n].is_number()) return false;
    patch.centre_lps_mm[n] = centre[n].get<double>();
  }
  patch.spacing_mm = entry["spacing_mm"].get<double>();
  return true;
}

// False if the entry is not one of ours.
bool ReadTarget(const Json& entry, client::PreviousLogits& logits) {
  if (!entry.is_object()) return false;
  std::string bytes;
  const std::string digest = TextAt(entry, "logits_sha256");
  if (!digest.empty() && !IsDigest(digest)) return false;
  logits.sha256 = absl::HexStringToBytes(digest);
  if (entry.contains("patch") && !ReadPatch(entry["patch"], logits.patch.emplace())) return false;
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
    if (target.previous.patch) targets.back()["patch"] = PatchJson(*target.previous.patch);
  }
  return Json({{"volume_sha256", absl::BytesToHexString(result.volume_sha256)}, {"targets", targets}})
             .dump() +
         "\n";
}

absl::StatusOr<std::vector<client::PreviousLogits>> ReadLogitsFile(const std::string& path,
                                                                   const std::string& volume_sha256) {
  ASSIGN_OR_RETURN(const ByteBuffer bytes, ReadFile(path, kMaxFileBytes));
  const Json object = Json::parse(bytes.view(), nullptr, /*allow_exceptions=*/false);
  const absl::Status wrong =
      absl::InvalidArgumentError(absl::StrCat(path, " is not a file that --save-logits wrote"));
  if (!object.is_object() || !object.contains("targets") || !object["targets"].is_array()) return wrong;
  if (object["targets"].size() > kMaxTargets) return wrong;
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
