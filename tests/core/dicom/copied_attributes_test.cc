#include "core/dicom/copied_attributes.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace sgpsam {
namespace {

std::string Valid(absl::string_view name, absl::string_view value, bool iso_2022 = false) {
  for (const CopiedTag& tag : CopiedTags()) {
    if (name == tag.name) return ValidValue(tag, value, iso_2022);
  }
  ADD_FAILURE() << name << " is not copied";
  return "";
}

TEST(CopiedAttributes, KeepsValidValues) {
  EXPECT_EQ(Valid("StudyDate", "20240229"), "20240229");
  EXPECT_EQ(Valid("StudyTime", "235959.123456"), "235959.123456");
  EXPECT_EQ(Valid("PatientAge", "007D"), "007D");
  EXPECT_EQ(Valid("PatientName", "Doe^Jane^^Dr=\xE5\xB1\xB1"), "Doe^Jane^^Dr=\xE5\xB1\xB1");
  EXPECT_EQ(Valid("PatientComments", "two\r\nlines \\ and a backslash"), "two\r\nlines \\ and a backslash");
  EXPECT_EQ(Valid("OtherPatientIDs", "A1\\B2"), "A1\\B2");
  EXPECT_EQ(Valid("TimezoneOffsetFromUTC", "-0330"), "-0330");
}

TEST(CopiedAttributes, RepairsWhatHasOneMeaning) {
  EXPECT_EQ(Valid("StudyDate", "2024.02.29"), "20240229");
  EXPECT_EQ(Valid("StudyTime", "10:15:00"), "101500");
  EXPECT_EQ(Valid("PatientAge", "58"), "058Y");
  EXPECT_EQ(Valid("PatientAge", "9m"), "009M");
  EXPECT_EQ(Valid("PatientSex", "male"), "M");
  EXPECT_EQ(Valid("PatientSize", "1.80000000000000000001"), "1.8");
  EXPECT_EQ(Valid("StudyDescription", "CT\x01 abdomen\\pelvis"), "CT abdomen pelvis");
}

TEST(CopiedAttributes, DropsWhatHasNone) {
  EXPECT_EQ(Valid("StudyDate", "20241301"), "");
  EXPECT_EQ(Valid("StudyTime", "256000"), "");
  EXPECT_EQ(Valid("PatientAge", "old"), "");
  EXPECT_EQ(Valid("PatientSex", "x"), "");
  EXPECT_EQ(Valid("PatientWeight", "abc"), "");
  EXPECT_EQ(Valid("PatientWeight", "NaN"), "");
}

TEST(CopiedAttributes, ShortensTextsButNeverIdentifiers) {
  EXPECT_EQ(Valid("StudyDescription", std::string(80, 'd')).size(), 64u);
  EXPECT_EQ(Valid("AccessionNumber", "12345678901234567890"), "");
  EXPECT_EQ(Valid("PatientID", std::string(65, '7')), "");
  // Never in the middle of a UTF-8 character.
  EXPECT_EQ(Valid("StudyDescription", absl::StrCat(std::string(63, 'd'), "\xC3\xA4")), std::string(63, 'd'));
}

TEST(CopiedAttributes, TakesTextsOfShiftingCodeTablesWhole) {
  // The second character's second byte is a backslash's.
  const std::string name = "Yamada=\x1B$B;3\x21\x5C\x1B(B";
  EXPECT_EQ(Valid("PatientName", name, true), name);
  EXPECT_EQ(Valid("AccessionNumber", "12345678901234567890", true), "");
}

}  // namespace
}  // namespace sgpsam
