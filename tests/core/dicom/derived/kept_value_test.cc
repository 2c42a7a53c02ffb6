#include "core/dicom/derived/kept_value.h"

#include <gtest/gtest.h>

#include "core/dicom/dataset/tags.h"

namespace sgpsam {
namespace {

constexpr uint32_t kAny = DicomTag(0x0008, 0x1030);

std::string Kept(absl::string_view vr, absl::string_view value, uint32_t tag = kAny) {
  return KeptValue(tag, vr, false, value).value_or("(none)");
}

std::string Reason(absl::string_view vr, absl::string_view value, bool several = false) {
  return std::string(KeptValue(kAny, vr, several, value).status().message());
}

std::string Repeated(absl::string_view text, int times) {
  std::string all;
  for (int n = 0; n < times; ++n) all.append(text.data(), text.size());
  return all;
}

TEST(KeptValue, KeepsValidValues) {
  EXPECT_EQ(Kept("DA", "20240229"), "20240229");
  EXPECT_EQ(Kept("TM", "235959.123456"), "235959.123456");
  EXPECT_EQ(Kept("AS", "007D"), "007D");
  EXPECT_EQ(Kept("PN", "Doe^Jane^^Dr=山"), "Doe^Jane^^Dr=山");
  EXPECT_EQ(Kept("LT", "two\r\nlines \\ and a backslash"), "two\r\nlines \\ and a backslash");
  EXPECT_EQ(KeptValue(kAny, "LO", true, "A1\\B2").value(), "A1\\B2");
  EXPECT_EQ(Kept("SH", "-0330", tags::kTimezoneOffsetFromUtc), "-0330");
  EXPECT_EQ(Kept("LO", ""), "");
}

TEST(KeptValue, TakesABoundedNumberOfValues) {
  EXPECT_EQ(Reason("LO", std::string(255, '\\'), true), "");
  EXPECT_EQ(Reason("LO", std::string(256, '\\'), true), "has more than 256 values");
  // The second value is not looked at where there may be one.
  EXPECT_EQ(Reason("LO", "A\\" + std::string(65, 'B')), "has several values");
}

TEST(KeptValue, CountsCharactersNotBytes) {
  const std::string name = "Александров^Александр^Александрович";  // 35 characters, 68 bytes
  EXPECT_EQ(Kept("PN", name), name);
  const std::string thai = Repeated("ก", 64);
  EXPECT_EQ(Kept("LO", thai), thai);
  EXPECT_EQ(Reason("LO", thai + "ก"), "has more than 64 characters");
  EXPECT_EQ(Kept("LO", std::string(63, 'd') + "ä"), std::string(63, 'd') + "ä");
  EXPECT_EQ(Kept("SH", "検査番号2024-0012"), "検査番号2024-0012");
  // Of a name each component group has a limit of its own.
  const std::string groups = Repeated("a", 64) + "=" + Repeated("山", 64) + "=" + Repeated("や", 64);
  EXPECT_EQ(Kept("PN", groups), groups);
  EXPECT_EQ(Reason("PN", groups + "や"), "has more than 64 characters");
}

TEST(KeptValue, RepairsWhatHasOneMeaning) {
  EXPECT_EQ(Kept("DA", "2024.02.29"), "20240229");
  EXPECT_EQ(Kept("TM", "10:15:00"), "101500");
  EXPECT_EQ(Kept("AS", "58"), "058Y");
  EXPECT_EQ(Kept("AS", "9m"), "009M");
  EXPECT_EQ(Kept("CS", "male", tags::kPatientSex), "M");
  EXPECT_EQ(Kept("DS", "1.80000000000000000001"), "1.8");
}

TEST(KeptValue, CutsAndReplacesNothing) {
  EXPECT_EQ(Reason("LO", "CT\x01 abdomen"), "has control characters");
  EXPECT_EQ(Reason("LO", "CT\xC2\x85"), "has control characters");
  EXPECT_EQ(Reason("LO", "two\nlines"), "has control characters");
  EXPECT_EQ(Reason("LO", "CT abdomen\\pelvis"), "has several values");
  EXPECT_EQ(Reason("PN", "A^B\\C^D"), "has several values");
  EXPECT_EQ(Reason("PN", "a=b=c=d"), "has more than three component groups or five components");
  EXPECT_EQ(Reason("PN", "a^b^c^d^e^f"), "has more than three component groups or five components");
  EXPECT_EQ(Reason("SH", "12345678901234567"), "has more than 16 characters");
  // One of several values that cannot be kept loses none of the others alone.
  EXPECT_EQ(Reason("LO", "A1\\" + std::string(65, '7'), true), "has more than 64 characters");
  for (const auto& [vr, value] :
       {std::pair("DA", "20241301"), std::pair("TM", "256000"), std::pair("AS", "old"),
        std::pair("DS", "abc"), std::pair("DS", "NaN"), std::pair("CS", "LONGER THAN SIXTEEN"),
        std::pair("UI", "1.2.x"), std::pair("DT", "tomorrow\n")}) {
    EXPECT_EQ(Reason(vr, value), "is not valid") << vr << value;
  }
}

}  // namespace
}  // namespace sgpsam
