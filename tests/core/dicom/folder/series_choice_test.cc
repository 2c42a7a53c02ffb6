// What lies in a file (file_summary.h) and which files are a series (series_choice.h).
#include "core/dicom/folder/series_choice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/dicom/dataset/dicom_text.h"
#include "core/dicom/series/series_reader.h"
#include "tests/support/dicom_builder.h"

namespace sgpsam {
namespace {

using ::sgpsam::testing::DicomElements;
using ::sgpsam::testing::EncodeElements;
using ::sgpsam::testing::GivenSeries;
using ::sgpsam::testing::Part10;
using ::sgpsam::testing::SeriesBuilder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr uint32_t kSopClass = DicomTag(0x0008, 0x0016), kModality = DicomTag(0x0008, 0x0060);
constexpr uint32_t kSeriesUid = DicomTag(0x0020, 0x000E), kImageType = DicomTag(0x0008, 0x0008);

// An object without pixels.
std::string Object(const std::string& sop_class, const std::string& modality = "OT") {
  return Part10(testing::kExplicitLe,
                EncodeElements({{kSopClass, {"UI", sop_class}}, {kModality, {"CS", modality}}}));
}

FileSummary Image(const std::string& uid, const std::string& number, bool localizer = false) {
  FileSummary image;
  image.kind = FileKind::kImage;
  image.series_instance_uid = uid;
  image.series_number = number;
  image.localizer = localizer;
  return image;
}

FileSummary Of(FileKind kind) {
  FileSummary file;
  file.kind = kind;
  return file;
}

TEST(FileSummary, KnowsTheKindsOfObjects) {
  const std::string storage = "1.2.840.10008.5.1.4.1.1.";
  const std::pair<std::string, FileKind> table[] = {
      {Object(storage + "66.4"), FileKind::kSegmentation},
      {Object(storage + "66.7"), FileKind::kSegmentation},
      {Object(storage + "66.1"), FileKind::kRegistration},
      {Object(storage + "88.33"), FileKind::kStructuredReport},
      {Object(storage + "88.59"), FileKind::kKeyObjectSelection},
      {Object(storage + "11.1"), FileKind::kPresentationState},
      {Object(storage + "481.3"), FileKind::kRtObject},
      {Object(storage + "104.1"), FileKind::kDocument},
      {Object(storage + "7.4"), FileKind::kSecondaryCapture},
      {Object(storage + "9.1.1"), FileKind::kOther},
      {Object("1.2.3"), FileKind::kOther},
      {Object("", "SR"), FileKind::kStructuredReport},
      // A truncated slice is no other object.
      {Object(storage + "2"), FileKind::kUnreadable},
      {Part10(testing::kExplicitLe, EncodeElements({{DicomTag(0x0004, 0x1220), {"SQ", ""}}})),
       FileKind::kDicomdir},
      {GivenSeries().Bytes()[0], FileKind::kImage},
      {GivenSeries().WithoutPreamble().Bytes()[0], FileKind::kImage},
      {GivenSeries().WithTransferSyntax(testing::kDeflated).Bytes()[0], FileKind::kImage},
      {GivenSeries().WithTransferSyntax("1.2.3.4").Bytes()[0], FileKind::kUnreadable},
      {GivenSeries().Bytes()[0].substr(0, 400), FileKind::kUnreadable},
      // Its pixels cannot be read, but it says what it is.
      {Part10("1.2.3.4", EncodeElements({{kSopClass, {"UI", storage + "66.4"}}})), FileKind::kSegmentation},
      {Part10("1.2.3.4", "", {{DicomTag(0x0002, 0x0002), {"UI", storage + "66.4"}}}),
       FileKind::kSegmentation},
      {"", FileKind::kNotDicom},
      {"a text that is long enough to hold a mark, but does not: " + std::string(200, ' '),
       FileKind::kNotDicom},
      {std::string("PK\3\4", 4) + std::string(200, '\0'), FileKind::kNotDicom}};
  for (const auto& [bytes, kind] : table) {
    EXPECT_EQ(Summarise(bytes).kind, kind) << bytes.size() << " bytes, row " << (&kind - &table[0].second);
  }
}

TEST(FileSummary, GivesDescriptionsInUtf8) {
  const auto description = [](const std::string& text) {
    testing::SeriesBuilder series = testing::GivenSeries().With(DicomTag(0x0008, 0x0005), "CS", "ISO_IR 100");
    return Summarise(series.With(DicomTag(0x0008, 0x103E), "LO", text).Bytes()[0]).series_description;
  };
  EXPECT_EQ(description("Sch\xE4"
                        "del"),
            "Schädel");
  EXPECT_EQ(description("Sch\x84"
                        "del"),
            "");
}

// A file may say more of itself than can be shown.
TEST(FileSummary, LeavesOutTextsOfExcessiveLength) {
  const auto summary = [](uint32_t tag, const std::string& text) {
    // Explicit lengths of these have 16 bits.
    SeriesBuilder series = GivenSeries(3, 2, 1).WithTransferSyntax(testing::kImplicitLe);
    return Summarise(series.With(tag, "LO", text).Bytes()[0]);
  };
  const std::pair<uint32_t, std::string FileSummary::*> texts[] = {
      {kSopClass, &FileSummary::sop_class_uid},
      {DicomTag(0x0020, 0x000D), &FileSummary::study_instance_uid},
      {kSeriesUid, &FileSummary::series_instance_uid},
      {DicomTag(0x0020, 0x0011), &FileSummary::series_number},
      {DicomTag(0x0008, 0x103E), &FileSummary::series_description},
      {kModality, &FileSummary::modality}};
  for (const auto& [tag, member] : texts) {
    const std::string longest(kMaxTextBytes, '1');
    EXPECT_EQ(summary(tag, longest).*member, longest);
    EXPECT_EQ(summary(tag, longest + "11").*member, "");
    EXPECT_EQ(summary(tag, longest + "11").kind, FileKind::kImage);
  }
  EXPECT_TRUE(summary(kImageType, "ORIGINAL\\PRIMARY\\LOCALIZER").localizer);
  EXPECT_FALSE(summary(kImageType, std::string(kMaxTextBytes, '\\') + "LOCALIZER").localizer);
}

TEST(FileSummary, TellsBareDataSetsOfEveryEncodingByTheirFirstBytes) {
  for (const char* syntax : {testing::kImplicitLe, testing::kExplicitLe, testing::kExplicitBe}) {
    const std::string bytes = GivenSeries().WithTransferSyntax(syntax).WithoutPreamble().Bytes()[0];
    EXPECT_TRUE(LooksLikeDicom(bytes.substr(0, kDicomHeadBytes))) << syntax;
  }
  const std::string whole = GivenSeries().Bytes()[0];
  EXPECT_TRUE(LooksLikeDicom(whole.substr(128 + 4)));  // file meta information without the preamble
}

TEST(SeriesChoice, CountsWhatIsNoImageByKind) {
  const FileSummary files[] = {Of(FileKind::kNotDicom), Image("1.2", "3"),        Of(FileKind::kSegmentation),
                               Of(FileKind::kNotDicom), Image("1.2", "3"),        Of(FileKind::kNotDicom),
                               Of(FileKind::kDicomdir), Of(FileKind::kUnreadable)};
  const SeriesChoice choice = ChooseSeries(files, "");
  EXPECT_THAT(choice.files, ElementsAre(1, 4, 7));  // what cannot be read may be a slice
  EXPECT_EQ(DescribePassedOver(choice.passed_over),
            "5 files passed over: 3 not DICOM, 1 segmentation, 1 media directory");
}

TEST(SeriesChoice, ForcesNobodyToChooseBetweenAVolumeAndItsLocalizer) {
  const FileSummary files[] = {Image("1.1", "1", true), Image("1.2", "2"), Image("1.2", "2")};
  const SeriesChoice choice = ChooseSeries(files, "");
  EXPECT_THAT(choice.files, ElementsAre(1, 2));
  EXPECT_EQ(DescribePassedOver(choice.passed_over), "1 file passed over: 1 localizer");
  EXPECT_THAT(ChooseSeries(files, "1").files, ElementsAre(0));  // who names it gets it
}

FileSummary Unreadable(const std::string& series, const std::string& sop_class) {
  FileSummary file = Of(FileKind::kUnreadable);
  file.series_instance_uid = series;
  file.sop_class_uid = sop_class;
  return file;
}

TEST(SeriesChoice, PassesOverWhatCannotBeReadOnlyIfItBelongsElsewhere) {
  FileSummary slice = Image("1.2", "3");
  slice.sop_class_uid = "1.9.1";
  const FileSummary files[] = {slice,
                               Unreadable("1.2", "1.9.1"),
                               Unreadable("1.3", "1.9.1"),
                               Unreadable("", ""),
                               Unreadable("", "1.9.1"),
                               Unreadable("", "1.9.2"),
                               Unreadable("1.2", "")};
  for (const char* wanted : {"", "1.2"}) {
    const SeriesChoice choice = ChooseSeries(files, wanted);
    EXPECT_THAT(choice.files, ElementsAre(0, 1, 3, 4, 6)) << wanted;
    EXPECT_EQ(CountedKinds(choice.passed_over), "1 of another series, 1 other object") << wanted;
  }
  const SeriesChoice named = ChooseSeries(files, "1.3");
  EXPECT_THAT(named.files, ElementsAre(2));  // its error says more than that it is not there
  EXPECT_EQ(CountedKinds(named.passed_over), "1 of another series, 5 unreadable files");
}

TEST(SeriesChoice, TakesAUidOrANumberThatIsNotAmbiguous) {
  const FileSummary files[] = {Image("1.1", "4"), Image("1.2", "5"), Image("1.3", "5"), Image("1.3", "5")};
  EXPECT_EQ(ChooseSeries(files, "").undecided.size(), 3);
  EXPECT_THAT(ChooseSeries(files, "").files, IsEmpty());
  EXPECT_THAT(ChooseSeries(files, "1.3").files, ElementsAre(2, 3));
  EXPECT_THAT(ChooseSeries(files, "4").files, ElementsAre(0));
  EXPECT_EQ(ChooseSeries(files, "5").undecided.size(), 2);
  const SeriesChoice none = ChooseSeries(files, "6");
  EXPECT_THAT(none.files, IsEmpty());
  EXPECT_THAT(none.undecided, IsEmpty());
  EXPECT_EQ(CountedKinds(none.passed_over), "4 of another series");
}

std::vector<std::string> With(std::vector<std::string> files, const std::string& more) {
  files.push_back(more);
  return files;
}

TEST(SeriesReader, PassesOverWhatIsNoImageAndSaysSo) {
  std::vector<std::string> files = GivenSeries().Bytes();
  files.insert(files.begin(), "a text");
  files.push_back(Object("1.2.840.10008.5.1.4.1.1.66.4", "SEG"));
  files.push_back(Object("1.2.840.10008.5.1.4.1.1.88.33", "SR"));
  const absl::StatusOr<DicomSeries> read = ReadSeries(testing::ToBuffers(files), {}, {});
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->volume.geometry().shape().k, 5);
  EXPECT_THAT(read->warnings,
              ::testing::Contains("3 files passed over: 1 not DICOM, 1 segmentation, 1 structured report"));
  EXPECT_EQ(read->passed_over.size(), 3);
}

TEST(SeriesReader, ReadsTheSeriesThatIsNamed) {
  std::vector<std::string> files = GivenSeries(9, 7, 4).Bytes();
  for (const std::string& other : GivenSeries(9, 7, 3).With(kSeriesUid, "UI", "1.2.3.201").Bytes()) {
    files.push_back(other);
  }
  EXPECT_EQ(ReadSeries(testing::ToBuffers(files), {}, {}, "1.2.3.201")->volume.geometry().shape().k, 3);
  EXPECT_EQ(ReadSeries(testing::ToBuffers(files), {}, {}, "1.2.3.200")->volume.geometry().shape().k, 4);
  const absl::Status none = ReadSeries(testing::ToBuffers(files), {}, {}, "1.2.3.202").status();
  EXPECT_EQ(none.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(none.message()), HasSubstr("named is not among the files: 7 of another series"));
}

TEST(SeriesReader, PassesOverAnUnreadableObjectOfAnotherSeries) {
  testing::SeriesBuilder other = GivenSeries(9, 7, 1).With(kSeriesUid, "UI", "1.2.3.201");
  const std::string cut = other.Bytes()[0].substr(0, other.Bytes()[0].size() - 10);
  const std::string video = other.WithTransferSyntax("1.2.840.10008.1.2.4.103").Bytes()[0];
  for (const std::string& object : {cut, video}) {
    for (const char* wanted : {"", "1.2.3.200"}) {
      const absl::StatusOr<DicomSeries> read =
          ReadSeries(testing::ToBuffers(With(GivenSeries().Bytes(), object)), {}, {}, wanted);
      ASSERT_TRUE(read.ok()) << read.status();
      EXPECT_THAT(read->warnings, ::testing::Contains("1 file passed over: 1 of another series"));
    }
  }
}

TEST(SeriesReader, PassesOverNoSliceOfTheChosenSeries) {
  std::vector<std::string> files = GivenSeries().Bytes();
  // Within its pixels, and at the end of each of the elements before them.
  for (const size_t left :
       {files[3].size() - 10, files[3].size() - 2 * 9 * 7 - 12, size_t{300}, size_t{200}}) {
    std::vector<std::string> damaged = files;
    damaged[3].resize(left);
    const absl::Status status = ReadSeries(testing::ToBuffers(damaged), {}, {}, "1.2.3.200").status();
    EXPECT_THAT(std::string(status.message()), ::testing::StartsWith("file 4: ")) << left;
  }
  files[3] = GivenSeries().WithTransferSyntax("1.2.840.10008.1.2.4.103").Bytes()[3];
  EXPECT_THAT(std::string(ReadSeries(testing::ToBuffers(files), {}, {}, "1.2.3.200").status().message()),
              ::testing::StartsWith("file 4: "));
}

TEST(SeriesReader, NamesTheFileOfASliceThatCannotBeRead) {
  std::vector<std::string> files = GivenSeries().Bytes();
  files.insert(files.begin(), "a text");
  files[3].resize(300);
  const absl::Status status = ReadSeries(testing::ToBuffers(files), {}, {}).status();
  EXPECT_THAT(std::string(status.message()), ::testing::StartsWith("file 4: "));
}

TEST(SeriesReader, TakesNoForeignModalityTextIntoAMessage) {
  std::vector<std::string> files = GivenSeries(9, 7, 4).With(kModality, "CS", "Secret name").Bytes();
  files.push_back(GivenSeries(9, 7, 1).With(kSeriesUid, "UI", "1.2.3.201").Bytes()[0]);
  const absl::Status status = ReadSeries(testing::ToBuffers(files), {}, {}).status();
  EXPECT_THAT(std::string(status.message()), HasSubstr("that of file 1 with 4 images"));
}

TEST(SeriesReader, PassesOverALocalizerOfAnotherSeries) {
  const std::string localizer = GivenSeries(9, 7, 1)
                                    .With(kSeriesUid, "UI", "1.2.3.201")
                                    .With(kImageType, "CS", "ORIGINAL\\PRIMARY\\LOCALIZER")
                                    .Bytes()[0];
  const absl::StatusOr<DicomSeries> read =
      ReadSeries(testing::ToBuffers(With(GivenSeries().Bytes(), localizer)), {}, {});
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_THAT(read->warnings, ::testing::Contains("1 file passed over: 1 localizer"));
}

}  // namespace
}  // namespace sgpsam
