// What the reader refuses, and why; that it reads what others write is seg_reading_test.py's.
#include "core/dicom/seg/seg_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "core/dicom/dataset/prescan.h"
#include "core/dicom/seg/seg_writer.h"
#include "core/dicom/series/series_reader.h"
#include "tests/support/dicom_builder.h"
#include "tests/support/synthetic_volume.h"

namespace sgpsam {
namespace {

using ::sgpsam::testing::GivenSeries;
using ::testing::HasSubstr;

class SegReaderTest : public ::testing::Test {
 protected:
  SegReaderTest() : mask_(Shape{9, 7, 5}) {
    mask_.Set(1, 2, 0);
    mask_.Set(8, 6, 1);
    mask_.Set(0, 0, 4);
    Segment segment;
    segment.mask = &mask_;
    SegIdentity identity = MakeSegIdentity("key", 1);
    identity.algorithm_name = "SGP-SAM";
    identity.algorithm_version = "1.0";
    identity.model_digest_hex = std::string(64, 'd');
    identity.software_version = "0.1.0";
    seg_ = WriteSeg(read_.info, read_.volume.geometry(), {&segment, 1}, identity).value();
  }

  // The same SEG with a text in it replaced by another of equal length, everywhere.
  std::string With(const std::string& text, const std::string& other) const {
    EXPECT_EQ(text.size(), other.size());
    std::string changed = seg_;
    size_t at = changed.find(text);
    EXPECT_NE(at, std::string::npos) << text;
    for (; at != std::string::npos; at = changed.find(text, at + other.size())) {
      changed.replace(at, other.size(), other);
    }
    return changed;
  }
  std::string Reason(absl::string_view bytes, absl::StatusCode code) const {
    return Reason(bytes, code, read_.info, read_.volume.geometry());
  }
  std::string Reason(absl::string_view bytes, absl::StatusCode code, const SeriesInfo& info,
                     const Geometry& volume) const {
    const absl::Status status = ReadSeg(bytes, &info, volume).status();
    EXPECT_EQ(status.code(), code) << status;
    return std::string(status.message());
  }

  const DicomSeries read_ = ReadSeries(GivenSeries().Files(), {}, {}).value();
  Mask mask_;
  std::string seg_;
};

constexpr absl::StatusCode kDamaged = absl::StatusCode::kInvalidArgument;
constexpr absl::StatusCode kElsewhere = absl::StatusCode::kFailedPrecondition;

TEST_F(SegReaderTest, ReadsLabelsInTheirCharacterSet) {
  const auto label = [&](const std::string& set, const std::string& text) {
    std::string seg = With("ISO_IR 192", set);
    seg.replace(seg.find("Lesion"), text.size(), text);
    return ReadSeg(seg, &read_.info, read_.volume.geometry())->segments[0].label;
  };
  EXPECT_EQ(label("ISO_IR 192", "L\xC3\xA4sen"), "Läsen");
  EXPECT_EQ(label("ISO_IR 100", "L\xE4sion"), "Läsion");
  EXPECT_EQ(label("ISO_IR 144", "\xBB\xEE"), "Люsion");
  EXPECT_EQ(label("ISO_IR 192", "L\xE4sion"), "");
}

TEST_F(SegReaderTest, RefusesWhatIsNoSegmentation) {
  EXPECT_THAT(Reason(GivenSeries().Bytes()[0], kDamaged), HasSubstr("it is no Segmentation"));
  EXPECT_THAT(Reason("rubbish", kDamaged), HasSubstr("not a DICOM file"));
  EXPECT_THAT(Reason(With("BINARY", "BINARX"), kDamaged), HasSubstr("SegmentationType is not"));
}

TEST_F(SegReaderTest, NeedsNoSeriesForWhereFramesLie) {
  const auto read = ReadSeg(seg_, nullptr, read_.volume.geometry());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->segments[0].mask.bits(), mask_.bits());
}

TEST_F(SegReaderTest, RefusesFramesOnOtherVoxels) {
  const Geometry& geometry = read_.volume.geometry();
  const auto moved = [&](double x) {
    const WorldPoint& origin = geometry.origin();
    return SteppedGeometry(geometry.shape(), geometry.steps(), {origin.x + x, origin.y, origin.z});
  };
  EXPECT_THAT(Reason(seg_, kElsewhere, read_.info, moved(0.3)), HasSubstr("voxels away from a voxel"));
  EXPECT_THAT(Reason(seg_, kElsewhere, read_.info, moved(geometry.steps()[0].x)),
              HasSubstr("beyond the volume"));
}

TEST_F(SegReaderTest, RefusesReferencesThatContradictThePositions) {
  SeriesInfo swapped = read_.info;
  std::swap(swapped.instances[0].sop_instance_uid, swapped.instances[1].sop_instance_uid);
  EXPECT_THAT(Reason(seg_, kElsewhere, swapped, read_.volume.geometry()),
              HasSubstr("lies on slice 1 of the series by its position and refers to another slice"));
  SeriesInfo other = read_.info;
  for (size_t n = 0; n < other.instances.size(); ++n)
    other.instances[n].sop_instance_uid = "1.2." + std::to_string(n);
  EXPECT_THAT(Reason(seg_, kElsewhere, other, read_.volume.geometry()),
              HasSubstr("images of another series"));
  other.series_instance_uid = "1.2.3.4";
  EXPECT_THAT(Reason(seg_, kElsewhere, other, read_.volume.geometry()),
              HasSubstr("refers to another series"));
  other = read_.info;
  other.frame_of_reference_uid = "1.2.3.4";
  EXPECT_THAT(Reason(seg_, kElsewhere, other, read_.volume.geometry()), HasSubstr("FrameOfReferenceUID"));
  // Of a series without names there is nothing to contradict.
  other.frame_of_reference_uid = other.series_instance_uid = "";
  for (SourceInstance& instance : other.instances) instance.sop_instance_uid = "";
  EXPECT_TRUE(ReadSeg(seg_, &other, read_.volume.geometry()).ok());
}

TEST_F(SegReaderTest, RefusesSizesThatDoNotFit) {
  const auto with_uint16 = [&](uint16_t group, uint16_t element, uint16_t value) {
    std::string bytes = seg_;
    const char head[] = {static_cast<char>(group & 0xff),
                         static_cast<char>(group >> 8),
                         static_cast<char>(element & 0xff),
                         static_cast<char>(element >> 8),
                         'U',
                         'S',
                         2,
                         0};
    const size_t at = bytes.find(std::string(head, sizeof(head)));
    EXPECT_NE(at, std::string::npos);
    bytes[at + 8] = static_cast<char>(value & 0xff);
    bytes[at + 9] = static_cast<char>(value >> 8);
    return bytes;
  };
  EXPECT_THAT(Reason(with_uint16(0x0028, 0x0010, 0), kDamaged), HasSubstr("Rows and Columns"));
  EXPECT_THAT(Reason(with_uint16(0x0028, 0x0011, 0xffff), kDamaged), HasSubstr("Rows and Columns"));
  EXPECT_THAT(Reason(with_uint16(0x0028, 0x0011, 16384), kElsewhere), HasSubstr("beyond the volume"));
  EXPECT_THAT(Reason(with_uint16(0x0028, 0x0100, 8), kDamaged), HasSubstr("BitsAllocated"));
  EXPECT_THAT(Reason(with_uint16(0x0062, 0x0004, 0), kDamaged), HasSubstr("segment numbers"));
  EXPECT_THAT(Reason(with_uint16(0x0062, 0x0004, 9), kDamaged), HasSubstr("segment that it does not have"));
}

TEST_F(SegReaderTest, SurvivesDamage) {
  uint32_t random = 99;
  for (int n = 0; n < 1500; ++n) {
    std::string damaged =
        seg_.substr(0, n % 3 == 0 ? seg_.size() * static_cast<size_t>(n) / 1500 : seg_.size());
    for (int flips = 0; flips < 4 && !damaged.empty(); ++flips) {
      random = random * 1664525 + 1013904223;
      damaged[(random >> 8) % damaged.size()] ^= static_cast<char>(1 << (random % 8));
    }
    (void)ReadSeg(damaged, &read_.info, read_.volume.geometry());
  }
}

}  // namespace
}  // namespace sgpsam
