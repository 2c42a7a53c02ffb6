#include "core/dicom/dcmtk/dcmtk_status.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcerror.h>
#include <dcmtk/dcmjpeg/djutils.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sgpsam {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(DcmtkStatus, TellsExhaustedMemoryFromDamage) {
  // As DCMTK's JPEG decoder passes libjpeg's JERR_OUT_OF_MEMORY on.
  const OFCondition of_libjpeg = makeOFCondition(OFM_dcmjpeg, 2, OF_error, "Insufficient memory (case 4)");
  for (const OFCondition& condition : {OFCondition(EC_MemoryExhausted), of_libjpeg}) {
    EXPECT_EQ(FromDcmtkReading(condition, "a frame").code(), absl::StatusCode::kResourceExhausted);
    EXPECT_EQ(FromDcmtk(condition, "writing").code(), absl::StatusCode::kResourceExhausted);
  }
  const absl::Status damaged = FromDcmtkReading(EC_CorruptedData, "a frame");
  EXPECT_EQ(damaged, absl::InvalidArgumentError("a frame is damaged or truncated"));
  EXPECT_EQ(FromDcmtk(EC_CorruptedData, "writing").code(), absl::StatusCode::kInternal);
  EXPECT_TRUE(FromDcmtk(EC_Normal, "writing").ok());
  EXPECT_TRUE(FromDcmtkReading(EC_Normal, "a frame").ok());
}

TEST(DcmtkStatus, LeavesOutWhatDcmtkSays) {
  const OFCondition quoting = makeOFCondition(OFM_dcmdata, 99, OF_error, "bad value Secret^Patient");
  EXPECT_THAT(FromDcmtk(quoting, "writing").ToString(), Not(HasSubstr("Secret")));
  EXPECT_THAT(FromDcmtkReading(quoting, "a frame").ToString(), Not(HasSubstr("Secret")));
}

TEST(DcmtkStatus, HearsOfDamageOnce) {
  ASSERT_TRUE(EnsureDcmtk().ok());
  EXPECT_FALSE(TakeJpegDamage());
  DCMJPEG_WARN("Corrupt JPEG data: 3 extraneous bytes before marker 0xd9");
  EXPECT_FALSE(TakeJpegDamage());
  DCMJPEG_WARN("Corrupt JPEG data: premature end of data segment");
  EXPECT_TRUE(TakeJpegDamage());
  EXPECT_FALSE(TakeJpegDamage());
}

}  // namespace
}  // namespace sgpsam
