#include "core/dicom/dataset/text_decoder.h"

#include <iconv.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "core/dicom/dataset/dicom_text.h"

namespace sgpsam {
namespace {

constexpr char kEscape = 0x1B;
constexpr int kAscii = 6, kRomaji = 14, kKanji = 87, kMoreKanji = 159;  // ISO registration numbers

// A set that code extensions designate to G1: its characters have the high bit (PS3.3 tables C.12-3, C.12-4).
struct UpperSet {
  int registration;
  absl::string_view escape;
  const char* encoding;  // iconv's name of a set whose upper half it is
  size_t bytes;          // of a character
};

constexpr UpperSet kUpperSets[] = {
    {100, "-A", "ISO-8859-1", 1},  {101, "-B", "ISO-8859-2", 1},  {109, "-C", "ISO-8859-3", 1},
    {110, "-D", "ISO-8859-4", 1},  {144, "-L", "ISO-8859-5", 1},  {127, "-G", "ISO-8859-6", 1},
    {126, "-F", "ISO-8859-7", 1},  {138, "-H", "ISO-8859-8", 1},  {148, "-M", "ISO-8859-9", 1},
    {203, "-b", "ISO-8859-15", 1}, {166, "-T", "ISO-8859-11", 1}, {13, ")I", "CP932", 1},
    {149, "$)C", "EUC-KR", 2},     {58, "$)A", "EUC-CN", 2},
};

// Sets of which G0 can have: the lower half.
struct LowerSet {
  int registration;
  absl::string_view escape;
};
constexpr LowerSet kLowerSets[] = {{kAscii, "(B"}, {kRomaji, "(J"}, {kKanji, "$B"}, {kMoreKanji, "$(D"}};

const UpperSet* FindUpper(int registration) {
  for (const UpperSet& set : kUpperSets) {
    if (set.registration == registration) return &set;
  }
  return nullptr;
}

bool IsHigh(char c) { return (static_cast<uint8_t>(c) & 0x80) != 0; }

bool IsPlainAscii(absl::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return IsHigh(c) || c == kEscape; });
}

// The converters that one text needs, each opened once: a text may change its set at every character.
class Converters {
 public:
  Converters() = default;
  Converters(const Converters&) = delete;
  Converters& operator=(const Converters&) = delete;
  ~Converters() {
    for (const auto& [encoding, converter] : opened_) iconv_close(converter);
  }

  // Appends the text as UTF-8; false if it is not valid in the encoding.
  bool Convert(const char* encoding, absl::string_view text, std::string& utf8) {
    const std::optional<iconv_t> converter = Open(encoding);
    if (!converter) return false;
    std::string in(text);
    std::string out(4 * text.size(), '\0');  // no character takes more than four bytes
    char *from = in.data(), *to = out.data();
    size_t left = in.size(), room = out.size();
    iconv(*converter, nullptr, nullptr, nullptr, nullptr);  // forgets the text before
    if (iconv(*converter, &from, &left, &to, &room) == static_cast<size_t>(-1) || left != 0) return false;
    utf8.append(out, 0, out.size() - room);
    return true;
  }

 private:
  std::optional<iconv_t> Open(const char* encoding) {
    const auto known = opened_.find(encoding);
    if (known != opened_.end()) return known->second;
    const iconv_t converter = iconv_open("UTF-8", encoding);
    // NOLINTNEXTLINE(performance-no-int-to-ptr): iconv's own way to say that it failed
    if (converter == reinterpret_cast<iconv_t>(-1)) return std::nullopt;
    opened_.emplace(encoding, converter);
    return converter;
  }

  std::map<absl::string_view, iconv_t> opened_;
};

// One text with code extensions, from its first byte to its last (PS3.5 6.1.2.5).
class ExtendedText {
 public:
  ExtendedText(absl::string_view text, int initial, bool person_name, Converters& converters)
      : text_(text), person_name_(person_name), converters_(converters) {
    if (initial == 13) initial_lower_ = kRomaji;
    initial_upper_ = FindUpper(initial);
    lower_ = initial_lower_;
    upper_ = initial_upper_;
  }

  std::optional<std::string> Decode() {
    while (!text_.empty()) {
      if (!Step()) return std::nullopt;
    }
    return std::move(utf8_);
  }

 private:
  bool Step() {
    const char c = text_[0];
    if (c == kEscape) return Designate();
    if (IsHigh(c)) return TakeUpper();
    if (absl::ascii_isgraph(c) && (lower_ == kKanji || lower_ == kMoreKanji)) return TakeKanji();
    utf8_.push_back(c);
    text_.remove_prefix(1);
    if (EndsExtension(c)) Reset();
    return true;
  }

  bool EndsExtension(char c) const {
    return absl::ascii_iscntrl(c) || c == '\\' || (person_name_ && (c == '^' || c == '='));
  }

  void Reset() {
    lower_ = initial_lower_;
    // Some writers designate a set once for the whole value; without one at the start nothing is lost.
    if (initial_upper_ != nullptr) upper_ = initial_upper_;
  }

  bool Designate() {
    const absl::string_view sequence = text_.substr(1);
    for (const LowerSet& set : kLowerSets) {
      if (sequence.substr(0, set.escape.size()) != set.escape) continue;
      lower_ = set.registration;
      text_.remove_prefix(1 + set.escape.size());
      return true;
    }
    for (const UpperSet& set : kUpperSets) {
      if (sequence.substr(0, set.escape.size()) != set.escape) continue;
      upper_ = &set;
      text_.remove_prefix(1 + set.escape.size());
      return true;
    }
    return false;
  }

  bool TakeUpper() {
    if (upper_ == nullptr) return false;
    size_t length = 0;
    while (length < text_.size() && IsHigh(text_[length])) ++length;
    const absl::string_view run = text_.substr(0, length);
    text_.remove_prefix(length);
    if (length % upper_->bytes != 0) return false;
    // 80 to 9F are no characters in any of them.
    if (std::any_of(run.begin(), run.end(), [](char c) { return static_cast<uint8_t>(c) < 0xA0; }))
      return false;
    const auto katakana = [](char c) { return static_cast<uint8_t>(c) <= 0xDF; };
    if (upper_->registration == 13 && !std::all_of(run.begin(), run.end(), katakana)) return false;
    return converters_.Convert(upper_->encoding, run, utf8_);
  }

  // Both sets of kanji are in EUC-JP: with the high bits set, the further one after a single shift.
  bool TakeKanji() {
    std::string euc;
    size_t length = 0;
    while (length + 1 < text_.size() && absl::ascii_isgraph(text_[length]) &&
           absl::ascii_isgraph(text_[length + 1])) {
      if (lower_ == kMoreKanji) euc.push_back('\x8F');
      for (size_t n = 0; n < 2; ++n) euc.push_back(static_cast<char>(text_[length + n] | 0x80));
      length += 2;
    }
    if (length == 0) return false;
    text_.remove_prefix(length);
    return converters_.Convert("EUC-JP", euc, utf8_);
  }

  absl::string_view text_;  // what is left of it
  const bool person_name_;
  Converters& converters_;
  int initial_lower_ = kAscii, lower_ = kAscii;
  const UpperSet *initial_upper_ = nullptr, *upper_ = nullptr;
  std::string utf8_;
};

// The ISO registration number that a defined term names, in the standard's spelling or with other separators;
// 0 for any other term.
int RegistrationOf(absl::string_view term) {
  std::string digits;
  std::string letters;
  for (const char c : term) {
    if (absl::ascii_isalpha(c)) letters.push_back(absl::ascii_toupper(c));
    if (absl::ascii_isdigit(c)) digits.push_back(c);
  }
  absl::string_view number = digits;
  if (letters != "ISOIR") return 0;
  if (number.size() > 4 && number.substr(0, 4) == "2022") number.remove_prefix(4);
  int registration = 0;
  return absl::SimpleAtoi(number, &registration) ? registration : 0;
}

bool IsExtensible(int registration) {
  return registration == kAscii || registration == kKanji || registration == kMoreKanji ||
         FindUpper(registration) != nullptr;
}

}  // namespace

bool IsInCharacterSet(absl::string_view vr) {
  return vr == "LO" || vr == "SH" || vr == "PN" || vr == "ST" || vr == "LT" || vr == "UT" || vr == "UC";
}

TextDecoder::TextDecoder(absl::string_view specific_character_set) {
  if (specific_character_set.size() > kMaxTextBytes) return;
  const size_t end_of_first = specific_character_set.find('\\');
  const absl::string_view first = TrimPadding(specific_character_set.substr(0, end_of_first));
  const int registration = RegistrationOf(first);
  if (registration == 192) {
    kind_ = Kind::kWhole;
    whole_ = "UTF-8";
  } else if (first == "GB18030" || first == "GBK") {
    kind_ = Kind::kWhole;
    whole_ = first == "GBK" ? "GBK" : "GB18030";
  } else if (IsExtensible(registration)) {
    kind_ = Kind::kExtensible;
    initial_ = registration;
  } else if (first.empty() && end_of_first != absl::string_view::npos) {
    kind_ = Kind::kExtensible;  // ASCII with code extensions
  }
}

std::optional<DecodedText> TextDecoder::Decode(absl::string_view text, bool person_name) const {
  if (text.size() > kMaxTextBytes) return std::nullopt;
  if (IsPlainAscii(text)) return DecodedText{std::string(text), {}};
  DecodedText decoded;
  Converters converters;
  if (kind_ == Kind::kWhole) {
    if (!converters.Convert(whole_, text, decoded.utf8)) return std::nullopt;
    return decoded;
  }
  ExtendedText extensions(text, initial_, person_name, converters);
  if (std::optional<std::string> extended = extensions.Decode()) {
    decoded.utf8 = *std::move(extended);
    return decoded;
  }
  const bool no_set = kind_ == Kind::kUnknown || initial_ == kAscii;
  if (no_set && IsPrintable(text, true)) return DecodedText{std::string(text), "UTF-8"};
  if (initial_ == 13 && converters.Convert("CP932", text, decoded.utf8)) {
    decoded.assumed = "Shift_JIS";
    return decoded;
  }
  return std::nullopt;
}

}  // namespace sgpsam
