#include "core/dicom/derived_text.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "core/dicom/copied_attributes.h"

namespace sgpsam {
namespace {

constexpr absl::string_view kUtf8 = "ISO_IR 192";
constexpr absl::string_view kLatin1 = "ISO_IR 100";

// An escape sequence is ASCII, yet changes what the bytes behind it mean.
bool IsPlainAscii(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return absl::ascii_isascii(c) && c != 0x1B; });
}

size_t SequenceLength(uint8_t lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead < 0xE0) return 2;
  if (lead >= 0xE0 && lead < 0xF0) return 3;
  return lead >= 0xF0 && lead < 0xF5 ? 4 : 0;
}

bool IsContinuation(char c) { return (static_cast<uint8_t>(c) & 0xC0) == 0x80; }

// The bytes of the character at the text's begin, or 0 if it is damaged.
size_t CharacterLength(absl::string_view text) {
  const size_t length = SequenceLength(static_cast<uint8_t>(text[0]));
  if (length == 0 || length > text.size()) return 0;
  const bool whole =
      std::all_of(text.begin() + 1, text.begin() + static_cast<std::ptrdiff_t>(length), IsContinuation);
  return whole ? length : 0;
}

}  // namespace

bool IsUtf8(absl::string_view text) {
  while (!text.empty()) {
    const size_t length = CharacterLength(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string DerivedCharacterSet(const SeriesInfo& info) {
  bool ascii = true, utf8 = true;
  for (const CopiedAttribute& attribute : info.patient_and_study) {
    ascii = ascii && IsPlainAscii(attribute.value);
    utf8 = utf8 && IsUtf8(attribute.value);
  }
  if (ascii) return std::string(kUtf8);
  if (!info.specific_character_set.empty()) return info.specific_character_set;
  return std::string(utf8 ? kUtf8 : kLatin1);
}

std::string OwnText(absl::string_view utf8, size_t limit, absl::string_view character_set) {
  std::string text;
  while (!utf8.empty()) {
    const size_t length = std::max<size_t>(CharacterLength(utf8), 1);
    const absl::string_view character = utf8.substr(0, length);
    utf8.remove_prefix(length);
    const char c = character[0];
    const bool ascii = absl::ascii_isascii(c);
    const bool sayable = ascii ? !absl::ascii_iscntrl(c) && c != '\\' : length > 1 && character_set == kUtf8;
    const size_t size = sayable ? length : 1;
    if (text.size() + size > limit) break;
    if (sayable) {
      text.append(character.data(), character.size());
    } else {
      text.push_back(ascii ? ' ' : '?');
    }
  }
  return std::string(absl::StripAsciiWhitespace(text));
}

}  // namespace sgpsam
