#include "core/dicom/dataset/dicom_text.h"

#include <gtest/gtest.h>

#include <clocale>
#include <cmath>

namespace sgpsam {
namespace {

TEST(DicomText, ParsesNumbersAsScannersWriteThem) {
  EXPECT_EQ(ParseNumber("  2.5 "), 2.5);
  EXPECT_EQ(ParseNumber("+1e2"), 100);
  EXPECT_EQ(ParseNumber("-0,75"), -0.75);
  EXPECT_EQ(ParseNumber(absl::string_view("3\0", 2)), 3);
  EXPECT_EQ(ParseNumber("0.12345678901234567890"), 0.12345678901234567890);
}

TEST(DicomText, RefusesWhatIsNoNumber) {
  for (absl::string_view text :
       {"", " ", "nan", "NaN", "inf", "-Infinity", "1e999", "1 2", "12x", "1,2,3", "0x10", "--1"}) {
    EXPECT_FALSE(ParseNumber(text).has_value()) << text;
  }
  EXPECT_FALSE(ParseNumber(std::string(100, '1')).has_value());
  EXPECT_FALSE(ParseNumbers("1\\2\\").has_value());
}

TEST(DicomText, DoesNotAskTheLocale) {
  const std::string before = std::setlocale(LC_ALL, nullptr);
  for (const char* locale : {"de_DE.UTF-8", "fr_FR.UTF-8"}) std::setlocale(LC_ALL, locale);
  EXPECT_EQ(ParseNumber("1.5"), 1.5);
  EXPECT_EQ(FormatDs(1.5), "1.5");
  std::setlocale(LC_ALL, before.c_str());
}

TEST(DicomText, FormatsEveryNumberWithinSixteenCharacters) {
  for (double value : {0.0, -0.0, 1.0, -1.0 / 3, 1e-300, -1.2345678901234567e-300, 123456789.123456789, 1e300,
                       -9.87654321098765e307}) {
    const std::string text = FormatDs(value);
    EXPECT_LE(text.size(), 16u) << text;
    EXPECT_NEAR(ParseNumber(text).value(), value, std::abs(value) * 1e-8) << text;
  }
  EXPECT_EQ(FormatDs(-0.0), "0");
  EXPECT_EQ(FormatDs(2.5), "2.5");
}

TEST(DicomText, LeavesValidDecimalStringsAsTheyAre) {
  EXPECT_EQ(NormalisedDs("-103.79415804148\\5.0E-1\\+2"), "-103.79415804148\\5.0E-1\\+2");
  EXPECT_EQ(NormalisedDs("-103.794158041480000001\\1"), "-103.79415804148\\1");
  EXPECT_FALSE(NormalisedDs("1\\abc").has_value());
}

}  // namespace
}  // namespace sgpsam
