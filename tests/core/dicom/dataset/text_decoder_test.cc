// Right values: the standard's own examples (PS3.5 annexes H to K) and the code tables of the registered
// sets.
#include "core/dicom/dataset/text_decoder.h"

#include <gtest/gtest.h>

#include "core/dicom/dataset/dicom_text.h"

namespace sgpsam {
namespace {

std::string Utf8(absl::string_view set, absl::string_view text, bool person_name = true) {
  const std::optional<DecodedText> decoded = TextDecoder(set).Decode(text, person_name);
  return decoded ? decoded->utf8 : "(none)";
}

std::string Assumed(absl::string_view set, absl::string_view text) {
  const std::optional<DecodedText> decoded = TextDecoder(set).Decode(text, true);
  return decoded ? std::string(decoded->assumed) : "(none)";
}

TEST(TextDecoder, ReadsEverySingleByteSet) {
  EXPECT_EQ(Utf8("ISO_IR 100", "M\xFCller^J\xF6rg"), "Müller^Jörg");
  EXPECT_EQ(Utf8("ISO_IR 101", "Dvo\xF8\xE1k^Zden\xECk"), "Dvořák^Zdeněk");
  EXPECT_EQ(Utf8("ISO_IR 109", "\xA6\xC6"), "ĤĈ");
  EXPECT_EQ(Utf8("ISO_IR 110", "\xA3\xA6"), "ŖĻ");
  EXPECT_EQ(Utf8("ISO_IR 144", "\xBB\xEE\xDA\x63\x65\xDC\xD1\xE3\xE0\xD3"), "Люкceмбург");
  EXPECT_EQ(Utf8("ISO_IR 127", "\xE2\xC8\xC7\xE6\xEA^\xE4\xE6\xD2\xC7\xD1"), "قباني^لنزار");
  EXPECT_EQ(Utf8("ISO_IR 126", "\xC4\xE9\xEF\xED\xF5\xF3\xE9\xEF\xF2"), "Διονυσιος");
  EXPECT_EQ(Utf8("ISO_IR 138", "\xF9\xF8\xE5\xEF^\xE3\xE1\xE5\xF8\xE4"), "שרון^דבורה");
  EXPECT_EQ(Utf8("ISO_IR 148",
                 "\xDEim\xFE"
                 "ek"),
            "Şimşek");
  EXPECT_EQ(Utf8("ISO_IR 203",
                 "\xBC"
                 "dipe"),
            "Œdipe");
  EXPECT_EQ(Utf8("ISO_IR 166", "\xB9\xD2\xC1\xCA\xA1\xD8\xC5"), "นามสกุล");
  EXPECT_EQ(Utf8("ISO_IR 13", "\xD4\xCF\xC0\xDE^\xC0\xDB\xB3"), "ﾔﾏﾀﾞ^ﾀﾛｳ");
}

TEST(TextDecoder, ReadsSetsWithoutCodeExtensions) {
  EXPECT_EQ(Utf8("ISO_IR 192", "Wang^XiaoDong=王^小东="), "Wang^XiaoDong=王^小东=");
  EXPECT_EQ(Utf8("GB18030", "Wang^XiaoDong=\xCD\xF5^\xD0\xA1\xB6\xAB="), "Wang^XiaoDong=王^小东=");
  EXPECT_EQ(Utf8("GB18030", "\x81\x30\x89\x38"), "ß");  // four bytes
  // Second bytes that look like a backslash or a caret are none.
  EXPECT_EQ(Utf8("GB18030",
                 "\xB8\xB9\xB2\xBF\xAC\x5C"
                 "CT",
                 false),
            "腹部琝CT");
  EXPECT_EQ(Utf8("GBK", "\xCD\xF5^\xAB\x5C"), "王^玕");
}

TEST(TextDecoder, ReadsCodeExtensions) {
  EXPECT_EQ(Utf8("\\ISO 2022 IR 87",
                 "Yamada^Tarou=\x1B$B;3ED\x1B(B^\x1B$BB@O:\x1B(B=\x1B$B$d$^$@\x1B(B^\x1B$B$?$m$&\x1B(B"),
            "Yamada^Tarou=山田^太郎=やまだ^たろう");
  EXPECT_EQ(Utf8("ISO 2022 IR 13\\ISO 2022 IR 87",
                 "\xD4\xCF\xC0\xDE^\xC0\xDB\xB3=\x1B$B;3ED\x1B(J^\x1B$BB@O:\x1B(J=\x1B$B$d$^$@\x1B(J^\x1B$B$?"
                 "$m$&\x1B(J"),
            "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう");
  EXPECT_EQ(
      Utf8("\\ISO 2022 IR 149",
           "Hong^Gildong=\x1B$)C\xFB\xF3^\x1B$)C\xD1\xCE\xD4\xD7=\x1B$)C\xC8\xAB^\x1B$)C\xB1\xE6\xB5\xBF"),
      "Hong^Gildong=洪^吉洞=홍^길동");
  EXPECT_EQ(Utf8("\\ISO 2022 IR 58", "Zhang^XiaoDong=\x1B$)A\xD5\xC5^\x1B$)A\xD0\xA1\xB6\xAB="),
            "Zhang^XiaoDong=张^小东=");
  EXPECT_EQ(Utf8("\\ISO 2022 IR 87\\ISO 2022 IR 159", "\x1B$(D\x30\x21\x1B(B"), "丂");
  EXPECT_EQ(Utf8("ISO 2022 IR 100\\ISO 2022 IR 144\\ISO 2022 IR 126",
                 "Buc^J\xE9r\xF4me=\x1B-F\xC4\xE9^\x1B-L\xBB\xEE"),
            "Buc^Jérôme=Δι^Лю");
}

TEST(TextDecoder, EndsCodeExtensionsWhereTheStandardDoes) {
  // After '=' the first value's set holds again; in a text that is no name it goes on.
  EXPECT_EQ(Utf8("ISO 2022 IR 100\\ISO 2022 IR 144", "\x1B-L\xBB\xEE=\xE9"), "Лю=é");
  EXPECT_EQ(Utf8("ISO 2022 IR 100\\ISO 2022 IR 144", "\x1B-L\xBB\xEE=\xEE", false), "Лю=ю");
  EXPECT_EQ(Utf8("ISO 2022 IR 100\\ISO 2022 IR 144", "\x1B-L\xBB\r\n\xE9", false), "Л\r\né");
  // The second byte of a kanji may be a backslash's.
  EXPECT_EQ(Utf8("\\ISO 2022 IR 87", "\x1B$B\x21\x5C\x1B(B\\a", false), "＋\\a");
  // Designated once for a whole name, as some writers do.
  EXPECT_EQ(Utf8("\\ISO 2022 IR 149", "\x1B$)C\xFB\xF3^\xD1\xCE"), "洪^吉");
}

TEST(TextDecoder, TakesWhatIsNotDeclaredOnlyIfItIsCertain) {
  EXPECT_EQ(Utf8("", "Müller"), "Müller");
  EXPECT_EQ(Assumed("", "Müller"), "UTF-8");
  EXPECT_EQ(Assumed("ISO_IR 6", "Müller"), "UTF-8");
  EXPECT_EQ(Assumed("nothing known", "Müller"), "UTF-8");
  EXPECT_EQ(Assumed("", "plain"), "");
  EXPECT_EQ(Assumed("ISO_IR 192", "Müller"), "");
  EXPECT_EQ(Utf8("", "M\xFCller"), "(none)");
  EXPECT_EQ(Utf8("ISO_IR 13", "\x95\x5C^\x91\xBE\x98Y"), "表^太郎");
  EXPECT_EQ(Assumed("ISO_IR 13", "\x95\x5C^\x91\xBE\x98Y"), "Shift_JIS");
}

TEST(TextDecoder, KnowsTermsInAWrongSpelling) {
  for (const char* term :
       {"ISO-IR 100", "ISO_IR_100", "ISO IR 100", "iso_ir 100", "ISO 2022 IR 100", " ISO_IR 100 "}) {
    EXPECT_EQ(Utf8(term, "M\xFCller"), "Müller") << term;
  }
  EXPECT_EQ(Utf8("ISO_IR 87", "\x1B$B;3ED\x1B(B"), "山田");
}

TEST(TextDecoder, RefusesWhatIsNoTextOfTheSet) {
  EXPECT_EQ(Utf8("ISO_IR 192", "M\xFCller"), "(none)");
  EXPECT_EQ(Utf8("ISO_IR 192", "\xED\xA0\x80"), "(none)");  // a surrogate
  EXPECT_EQ(Utf8("ISO_IR 100", "M\x95ller"), "(none)");     // a control character
  EXPECT_EQ(Utf8("ISO_IR 138", "\xD0"), "(none)");          // unassigned
  EXPECT_EQ(Utf8("GB18030", "\xCD"), "(none)");             // cut off
  EXPECT_EQ(Utf8("\\ISO 2022 IR 87", "\x1B$B;"), "(none)");
  EXPECT_EQ(Utf8("\\ISO 2022 IR 149", "\x1B$)C\xFB"), "(none)");
  EXPECT_EQ(Utf8("\\ISO 2022 IR 149", "\x1B"), "(none)");
  EXPECT_EQ(Utf8("\\ISO 2022 IR 149", "\x1B$)Z\xFB\xF3"), "(none)");
}

TEST(TextDecoder, RefusesWhatIsTooLong) {
  const std::string longest(kMaxTextBytes, 'a');
  EXPECT_EQ(Utf8("ISO_IR 100", longest), longest);
  EXPECT_EQ(Utf8("ISO_IR 100", longest + "a"), "(none)");
}

// Two converters serve all of them, one after the other.
TEST(TextDecoder, ReadsManyRunsOfTheSameSet) {
  std::string text, utf8;
  for (int n = 0; n < 1000; ++n) {
    text += "\xFC-\x1B$B;3\x1B(B=";
    utf8 += "ü-山=";
  }
  EXPECT_EQ(Utf8("ISO 2022 IR 100\\ISO 2022 IR 87", text), utf8);
}

TEST(TextDecoder, SurvivesAnything) {
  uint32_t random = 7;
  const char* const sets[] = {
      "",      "ISO_IR 100", "ISO_IR 13", "ISO_IR 192", "GB18030", "GBK", "\\ISO 2022 IR 87\\ISO 2022 IR 149",
      "\\\\\\"};
  for (int n = 0; n < 20000; ++n) {
    std::string text;
    for (int length = n % 13; length > 0; --length) {
      random = random * 1664525 + 1013904223;
      constexpr absl::string_view kPieces = "\x1B$B()CA-^=\\\xFB\xF3\x8F 0";
      text.push_back((random >> 30) == 0 ? static_cast<char>(random >> 8)
                                         : kPieces[(random >> 16) % kPieces.size()]);
    }
    const std::optional<DecodedText> decoded = TextDecoder(sets[n % 8]).Decode(text, n % 2 == 0);
    if (!decoded) continue;
    EXPECT_LE(decoded->utf8.size(), 4 * text.size() + 1);
  }
}

}  // namespace
}  // namespace sgpsam
