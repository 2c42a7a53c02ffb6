#include "core/dicom/dataset/uid.h"

#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/base/digest.h"

namespace sgpsam {
namespace {

using Uuid = std::array<uint8_t, 16>;

// Long division by ten, most significant byte first.
std::string ToDecimal(Uuid number) {
  std::string digits;
  while (std::any_of(number.begin(), number.end(), [](uint8_t byte) { return byte != 0; })) {
    unsigned remainder = 0;
    for (uint8_t& byte : number) {
      const unsigned value = (remainder << 8) | byte;
      byte = static_cast<uint8_t>(value / 10);
      remainder = value % 10;
    }
    digits.push_back(static_cast<char>('0' + remainder));
  }
  std::reverse(digits.begin(), digits.end());
  return digits;
}

std::string UidOf(Uuid uuid, int version) {
  uuid[6] = static_cast<uint8_t>((uuid[6] & 0x0F) | (version << 4));
  uuid[8] = static_cast<uint8_t>((uuid[8] & 0x3F) | 0x80);  // RFC 9562's variant
  return absl::StrCat("2.25.", ToDecimal(uuid));
}

}  // namespace

std::string RandomUid() {
  Uuid uuid;
  // Without random numbers a UID could repeat, and with it one patient's object replace another's.
  if (RAND_bytes(uuid.data(), static_cast<int>(uuid.size())) != 1) std::abort();
  return UidOf(uuid, 4);
}

std::string DerivedUid(absl::string_view key) {
  const Digest digest = Sha256::Of(key);
  Uuid uuid;
  std::copy_n(digest.bytes.begin(), uuid.size(), uuid.begin());
  return UidOf(uuid, 8);
}

bool IsUid(absl::string_view text) {
  if (!IsUsableUid(text)) return false;
  for (absl::string_view component : absl::StrSplit(text, '.')) {
    if (component.size() > 1 && component[0] == '0') return false;
  }
  return true;
}

bool IsUsableUid(absl::string_view text) {
  if (text.empty() || text.size() > 64) return false;
  for (absl::string_view component : absl::StrSplit(text, '.')) {
    if (component.empty() || !std::all_of(component.begin(), component.end(), absl::ascii_isdigit))
      return false;
  }
  return true;
}

}  // namespace sgpsam
