// Texts in the character sets of DICOM -> UTF-8, by the C library's iconv: all sets of PS3.3 C.12.1.1.2, with
// code extensions (ISO 2022), UTF-8, GB18030 and GBK. What is not text of the set is refused: no byte is
// replaced or left out. Every text that is copied from a source passes through here once, where it is read.
// Immutable and cheap to make; thread-safe. Bytes are hostile.
#ifndef SGPSAM_CORE_DICOM_DATASET_TEXT_DECODER_H_
#define SGPSAM_CORE_DICOM_DATASET_TEXT_DECODER_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace sgpsam {

struct DecodedText {
  std::string utf8;
  // The encoding that the text turned out to have where that is not the declared one, e.g. "UTF-8".
  absl::string_view assumed;
};

// True for value representations whose texts are in the data set's character set (PS3.5 6.2).
bool IsInCharacterSet(absl::string_view vr);

class TextDecoder {
 public:
  // `specific_character_set`: the values of (0008,0005) as they stand, joined by '\'; empty where absent.
  // Known terms in a wrong spelling ("ISO-IR 100") are understood.
  explicit TextDecoder(absl::string_view specific_character_set);

  // The text, and how it was understood:
  // - as declared, if its bytes allow that;
  // - as UTF-8, if they are valid UTF-8 and no known set is declared;
  // - as Shift_JIS, if the declared set is ISO_IR 13, whose superset it is;
  // else nullopt, as for a text of more than kMaxTextBytes. In a person's name '^' and '=' end a code
  // extension as '\' does (PS3.5 6.1.2.5.3).
  std::optional<DecodedText> Decode(absl::string_view text, bool person_name) const;

 private:
  enum class Kind { kUnknown, kExtensible, kWhole };

  Kind kind_ = Kind::kUnknown;
  const char* whole_ = nullptr;  // iconv's name of a set that has no code extensions
  int initial_ = 6;              // kExtensible: ISO registration number of the first value
};

}  // namespace sgpsam

#endif  // SGPSAM_CORE_DICOM_DATASET_TEXT_DECODER_H_
