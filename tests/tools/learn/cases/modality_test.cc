#include "tools/learn/cases/modality.h"

#include <gtest/gtest.h>

namespace sgpsam {
namespace {

// As the Decathlon's and other data sets name their channels.
TEST(Modality, IsReadFromTheNamesOfChannels) {
  for (const char* name : {"CT", "ct", "cbct", "CT_portal", "ct-venous"})
    EXPECT_EQ(ModalityOfChannel(name), "CT") << name;
  for (const char* name : {"MRI", "MR", "T1", "T1w", "t1gd", "T2", "FLAIR", "ADC", "T1-weighted", "mp-MRI"}) {
    EXPECT_EQ(ModalityOfChannel(name), "MR") << name;
  }
  for (const char* name : {"PET", "PT", "SUV", "FDG-PET", "pet (SUV)"})
    EXPECT_EQ(ModalityOfChannel(name), "PT") << name;
}

TEST(Modality, IsUnknownWhereTheNameSaysNothingOrTwoThings) {
  for (const char* name : {"", "zscore", "noNorm", "0", "channel 1", "octave", "PET/CT"}) {
    EXPECT_EQ(ModalityOfChannel(name), "") << name;
  }
}

TEST(Modality, IsATermOfDicom) {
  for (const char* term : {"CT", "MR", "PT", "M3D", "RTSTRUCT"}) EXPECT_TRUE(IsModality(term)) << term;
  for (const char* text : {"", "ct", "C T", "CT\\MR", "ABCDEFGHIJKLMNOPQ"})
    EXPECT_FALSE(IsModality(text)) << text;
}

}  // namespace
}  // namespace sgpsam
