#include "core/dicom/derived/copied_attributes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/dicom/dataset/tags.h"
#include "tests/support/dicom_builder.h"

namespace sgpsam {
namespace {

using ::sgpsam::testing::DicomElements;
using ::sgpsam::testing::GivenSeries;
using ::sgpsam::testing::SequenceItem;
using ::sgpsam::testing::SeriesBuilder;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr uint32_t kCharacterSet = tags::kSpecificCharacterSet, kDescription = DicomTag(0x0008, 0x1030);
constexpr uint32_t kAccession = DicomTag(0x0008, 0x0050), kIssuerOfAccession = DicomTag(0x0008, 0x0051);
constexpr uint32_t kOtherIds = DicomTag(0x0010, 0x1002), kResponsibleOrganization = DicomTag(0x0010, 0x2299);

CopiedModules Copied(const SeriesBuilder& series) {
  const std::string bytes = series.Bytes()[0];
  return CopyModules(DicomFile::Open(bytes).value());
}

const CopiedAttribute* Find(const CopiedModules& modules, uint32_t tag) {
  for (const CopiedAttribute& attribute : modules.attributes) {
    if (attribute.tag == tag) return &attribute;
  }
  return nullptr;
}

std::string ValueOf(const CopiedModules& modules, uint32_t tag) {
  const CopiedAttribute* attribute = Find(modules, tag);
  return attribute == nullptr ? "(none)" : attribute->value;
}

std::string CodeItem(const std::string& value, const std::string& meaning) {
  return SequenceItem({{DicomTag(0x0008, 0x0100), {"SH", value}},
                       {DicomTag(0x0008, 0x0102), {"SH", "DCM"}},
                       {DicomTag(0x0008, 0x0104), {"LO", meaning}}});
}

TEST(CopiedAttributes, AreInUtf8WithoutAWarning) {
  SeriesBuilder series = GivenSeries().With(kCharacterSet, "CS", "ISO_IR 100");
  series.With(tags::kPatientName, "PN", "M\xFCller^J\xF6rg")
      .With(kDescription, "LO",
            "CT Sch\xE4"
            "del");
  const CopiedModules modules = Copied(series);
  EXPECT_EQ(ValueOf(modules, tags::kPatientName), "Müller^Jörg");
  EXPECT_EQ(ValueOf(modules, kDescription), "CT Schädel");
  EXPECT_EQ(ValueOf(modules, tags::kPatientId), "SECRET-ID-7");
  EXPECT_THAT(modules.warnings, IsEmpty());
  EXPECT_THAT(modules.obstacles, IsEmpty());
}

TEST(CopiedAttributes, SayThatNoCharacterSetIsNamed) {
  const std::string foreign = "M\xFCller", missing = "SpecificCharacterSet (0008,0005) is missing";
  SeriesBuilder series = GivenSeries().With(tags::kPatientName, "PN", foreign);
  EXPECT_THAT(Copied(series.Without(kCharacterSet)).obstacles, ElementsAre(HasSubstr(missing)));
  EXPECT_THAT(Copied(GivenSeries().With(tags::kPatientName, "PN", "Müller").Without(kCharacterSet)).warnings,
              ElementsAre(HasSubstr(missing + ": it is taken as UTF-8")));
  SeriesBuilder named = GivenSeries().With(tags::kPatientName, "PN", foreign);
  EXPECT_THAT(Copied(named.With(kCharacterSet, "CS", "ISO_IR 192")).obstacles,
              ElementsAre(HasSubstr("not in the character set that SpecificCharacterSet (0008,0005) names")));
}

// Inflated, a few kilobytes are as many values as there are bytes.
TEST(CopiedAttributes, LeaveOutTextsOfExcessiveLength) {
  const std::string separators = "A" + std::string(size_t{1} << 20, '\\') + "A";
  const uint32_t other_ids = DicomTag(0x0010, 0x1000);
  // LO has a length of 16 bits unless the data set is implicit.
  SeriesBuilder series = GivenSeries(3, 2, 1).WithTransferSyntax(testing::kImplicitLe);
  series.With(tags::kPatientId, "LO", separators).With(other_ids, "LO", separators);
  const std::string bytes = series.Bytes()[0];
  const DicomFile file = DicomFile::Open(bytes).value();
  const CopiedModules modules = CopyModules(file);
  EXPECT_THAT(modules.obstacles, ElementsAre("PatientID (0010,0020) has more than 64 KiB"));
  EXPECT_THAT(modules.warnings, Contains(HasSubstr("(0010,1000) has more than 64 KiB")));
  EXPECT_LE(PatientOf(file).id.size(), (size_t{64} << 10) + 1);
}

TEST(CopiedAttributes, SayWhichEncodingWasAssumed) {
  const CopiedModules modules = Copied(GivenSeries().With(tags::kPatientName, "PN", "Müller^Jörg"));
  EXPECT_EQ(ValueOf(modules, tags::kPatientName), "Müller^Jörg");
  EXPECT_THAT(modules.warnings, ElementsAre(HasSubstr("PatientName (0010,0010)")));
  EXPECT_THAT(modules.warnings, ElementsAre(HasSubstr("taken as UTF-8")));
}

TEST(CopiedAttributes, StopAtAnIdentityThatCannotBeKept) {
  const auto obstacles = [](uint32_t tag, const std::string& vr, const std::string& value) {
    return Copied(GivenSeries().With(tag, vr, value)).obstacles;
  };
  EXPECT_THAT(obstacles(tags::kPatientId, "LO", ""), ElementsAre("PatientID (0010,0020) is empty"));
  EXPECT_THAT(Copied(GivenSeries().Without(tags::kPatientId)).obstacles,
              ElementsAre("PatientID (0010,0020) is empty"));
  EXPECT_THAT(obstacles(tags::kPatientId, "LO", "123\\456"),
              ElementsAre("PatientID (0010,0020) has several values"));
  EXPECT_THAT(obstacles(tags::kPatientId, "LO", std::string(65, '9')),
              ElementsAre("PatientID (0010,0020) has more than 64 characters"));
  EXPECT_THAT(obstacles(tags::kPatientName, "PN", "A^B\\C^D"),
              ElementsAre("PatientName (0010,0010) has several values"));
  EXPECT_THAT(obstacles(tags::kPatientName, "PN", "M\xFCller"),
              ElementsAre(HasSubstr("PatientName (0010,0010) has characters beyond ASCII")));
  EXPECT_THAT(obstacles(DicomTag(0x0010, 0x0021), "LO", std::string(65, 'x')),
              ElementsAre("IssuerOfPatientID (0010,0021) has more than 64 characters"));
}

TEST(CopiedAttributes, LeaveOutWhatCannotBeKeptAndSaySo) {
  SeriesBuilder series = GivenSeries().With(kDescription, "LO", "one\\two");
  series.With(kAccession, "SH", "12345678901234567").With(DicomTag(0x0010, 0x1030), "DS", "abc");
  const CopiedModules modules = Copied(series);
  EXPECT_EQ(Find(modules, kDescription), nullptr);
  EXPECT_EQ(ValueOf(modules, kAccession), "");
  EXPECT_EQ(Find(modules, DicomTag(0x0010, 0x1030)), nullptr);
  EXPECT_THAT(
      modules.warnings,
      ElementsAre(
          "AccessionNumber (0008,0050) has more than 16 characters: it is left empty in derived objects",
          "StudyDescription (0008,1030) has several values: it is left out of derived objects",
          "PatientWeight (0010,1030) is not valid: it is left out of derived objects"));
}

TEST(CopiedAttributes, CopySequencesWithTheirTexts) {
  const std::string qualifiers =
      SequenceItem({{DicomTag(0x0040, 0x0032), {"UT", "1.2.3"}}, {DicomTag(0x0040, 0x0033), {"CS", "ISO"}}});
  const std::string other = SequenceItem({{tags::kPatientId, {"LO", "\xC4-1"}},
                                          {DicomTag(0x0010, 0x0022), {"CS", "TEXT"}},
                                          {DicomTag(0x0010, 0x0024), {"SQ", qualifiers}}});
  SeriesBuilder series =
      GivenSeries().With(kCharacterSet, "CS", "ISO_IR 100").With(kOtherIds, "SQ", other + other);
  for (const char* syntax : {testing::kExplicitLe, testing::kDeflated}) {
    const CopiedModules modules = Copied(series.WithTransferSyntax(syntax));
    const CopiedAttribute* ids = Find(modules, kOtherIds);
    ASSERT_NE(ids, nullptr);
    ASSERT_EQ(ids->items.size(), 2u);
    ASSERT_EQ(ids->items[0].size(), 3u);
    EXPECT_EQ(ids->items[0][0].value, "Ä-1");
    ASSERT_EQ(ids->items[0][2].items.size(), 1u);
    EXPECT_EQ(ids->items[0][2].items[0][0].value, "1.2.3");
    EXPECT_THAT(modules.warnings, IsEmpty());
  }
}

TEST(CopiedAttributes, SayWhichEncodingWasAssumedInASequence) {
  const std::string named = SequenceItem({{tags::kPatientId, {"LO", "Ä-1"}}});
  const std::string nested = SequenceItem(
      {{tags::kPatientId, {"LO", "A"}},
       {DicomTag(0x0010, 0x0024), {"SQ", SequenceItem({{DicomTag(0x0040, 0x0031), {"UT", "Süd"}}})}}});
  const std::string in_ascii =
      SequenceItem({{kCharacterSet, {"CS", "ISO_IR 6"}}, {tags::kPatientId, {"LO", "Ä"}}});
  const auto with = [](const std::string& item) { return GivenSeries().With(kOtherIds, "SQ", item); };
  for (const std::string& item : {named, nested, in_ascii}) {
    const CopiedModules modules = Copied(with(item));
    ASSERT_NE(Find(modules, kOtherIds), nullptr);
    EXPECT_THAT(modules.warnings,
                ElementsAre("OtherPatientIDsSequence (0010,1002) has texts in no character set that "
                            "SpecificCharacterSet (0008,0005) names: they are taken as UTF-8"));
  }
  EXPECT_THAT(Copied(with(named).With(kCharacterSet, "CS", "ISO_IR 192")).warnings, IsEmpty());
}

TEST(CopiedAttributes, SayThatASequencesValuesWereRepaired) {
  const auto copied = [](const std::string& type) {
    return Copied(GivenSeries().With(
        kOtherIds, "SQ",
        SequenceItem({{tags::kPatientId, {"LO", "A"}}, {DicomTag(0x0010, 0x0022), {"CS", type}}})));
  };
  const CopiedModules repaired = copied("text");
  ASSERT_NE(Find(repaired, kOtherIds), nullptr);
  EXPECT_EQ(Find(repaired, kOtherIds)->items[0][1].value, "TEXT");
  EXPECT_THAT(repaired.warnings, ElementsAre(HasSubstr("OtherPatientIDsSequence (0010,1002) has values that "
                                                       "are not valid: they are repaired")));
  EXPECT_THAT(copied("TEXT ").warnings, IsEmpty());
}

TEST(CopiedAttributes, TakeAnItemsOwnCharacterSet) {
  const std::string item =
      SequenceItem({{kCharacterSet, {"CS", "ISO_IR 144"}}, {tags::kPatientId, {"LO", "\xBB\xEE"}}});
  const CopiedModules modules = Copied(GivenSeries().With(kOtherIds, "SQ", item));
  const CopiedAttribute* ids = Find(modules, kOtherIds);
  ASSERT_NE(ids, nullptr);
  ASSERT_EQ(ids->items[0].size(), 1u);  // its set has become the object's
  EXPECT_EQ(ids->items[0][0].value, "Лю");
}

TEST(CopiedAttributes, CopyASequenceWholeOrNotAtAll) {
  const std::string good = SequenceItem({{tags::kPatientId, {"LO", "A"}}});
  for (const std::string& bad : {SequenceItem({{tags::kPatientId, {"LO", std::string(65, 'A')}}}),
                                 SequenceItem({{tags::kPatientId, {"LO", "\xFC"}}}),
                                 SequenceItem({{DicomTag(0x0011, 0x0010), {"LO", "PRIVATE"}}}),
                                 SequenceItem({{DicomTag(0x0028, 0x0010), {"US", testing::Le16(7)}}})}) {
    const CopiedModules modules = Copied(GivenSeries().With(kOtherIds, "SQ", good + bad));
    EXPECT_EQ(Find(modules, kOtherIds), nullptr);
    EXPECT_THAT(modules.warnings, ElementsAre(HasSubstr("OtherPatientIDsSequence (0010,1002) has")));
    EXPECT_THAT(modules.obstacles, IsEmpty());
  }
}

TEST(CopiedAttributes, CopyDeidentificationWholeOrNotAtAll) {
  const auto removed = [] { return GivenSeries().With(tags::kPatientIdentityRemoved, "CS", "YES"); };
  const std::string code = CodeItem("113100", "Basic Application Confidentiality Profile");
  const CopiedModules with_code =
      Copied(removed().With(tags::kDeidentificationMethodCodeSequence, "SQ", code));
  EXPECT_EQ(ValueOf(with_code, tags::kPatientIdentityRemoved), "YES");
  ASSERT_NE(Find(with_code, tags::kDeidentificationMethodCodeSequence), nullptr);
  EXPECT_EQ(Find(with_code, tags::kDeidentificationMethodCodeSequence)->items[0][0].value, "113100");
  EXPECT_THAT(with_code.warnings, IsEmpty());
  EXPECT_EQ(ValueOf(Copied(removed().With(tags::kDeidentificationMethod, "LO", "CTP\\more")),
                    tags::kDeidentificationMethod),
            "CTP\\more");
  const CopiedModules without = Copied(removed());
  EXPECT_EQ(Find(without, tags::kPatientIdentityRemoved), nullptr);
  EXPECT_THAT(without.warnings, ElementsAre(HasSubstr("DeidentificationMethod (0012,0063) is missing")));
}

TEST(CopiedAttributes, CopyATrialsSubjectWholeOrNotAtAll) {
  SeriesBuilder series = GivenSeries().With(tags::kClinicalTrialProtocolId, "LO", "P");
  const CopiedModules partial = Copied(series);
  EXPECT_EQ(Find(partial, tags::kClinicalTrialProtocolId), nullptr);
  EXPECT_THAT(partial.warnings, ElementsAre(HasSubstr("ClinicalTrialSponsorName (0012,0010) is missing")));
  series.With(tags::kClinicalTrialSponsorName, "LO", "S").With(tags::kClinicalTrialSubjectId, "LO", "1");
  const CopiedModules whole = Copied(series);
  EXPECT_EQ(ValueOf(whole, tags::kClinicalTrialProtocolId), "P");
  EXPECT_EQ(ValueOf(whole, DicomTag(0x0012, 0x0030)), "");  // site: type 2
  EXPECT_THAT(whole.warnings, IsEmpty());
  // One value that cannot be kept: none is.
  const CopiedModules lost = Copied(series.With(DicomTag(0x0012, 0x0031), "LO", "a\\b"));
  EXPECT_EQ(Find(lost, tags::kClinicalTrialSponsorName), nullptr);
  EXPECT_EQ(lost.warnings.size(), 2u);
}

TEST(CopiedAttributes, CopyAnimalsWholeOrNotAtAll) {
  const uint32_t breed = DicomTag(0x0010, 0x2292);
  SeriesBuilder series = GivenSeries().With(breed, "LO", "Beagle");
  const CopiedModules without = Copied(series);
  EXPECT_EQ(Find(without, breed), nullptr);
  EXPECT_THAT(without.warnings, ElementsAre(HasSubstr("PatientSpeciesDescription (0010,2201) is missing")));
  const CopiedModules modules = Copied(series.With(tags::kPatientSpeciesDescription, "LO", "Canis"));
  EXPECT_EQ(ValueOf(modules, tags::kPatientSpeciesDescription), "Canis");
  EXPECT_EQ(ValueOf(modules, breed), "Beagle");
  // Type 2C: unknown.
  EXPECT_EQ(ValueOf(modules, tags::kResponsiblePerson), "");
  EXPECT_EQ(ValueOf(modules, kResponsibleOrganization), "");
  const CopiedAttribute* registration = Find(modules, DicomTag(0x0010, 0x2294));
  ASSERT_NE(registration, nullptr);
  EXPECT_TRUE(registration->items.empty());
  EXPECT_THAT(modules.warnings, IsEmpty());
}

// PS3.3 C.7.1.1: a child has them, too.
TEST(CopiedAttributes, CopyWhoIsResponsibleForAHumanOrAnAnimal) {
  for (const bool animal : {false, true}) {
    SeriesBuilder series = GivenSeries().With(kResponsibleOrganization, "LO", "Home");
    if (animal) series.With(tags::kPatientSpeciesDescription, "LO", "Canis");
    series.With(tags::kResponsiblePerson, "PN", "Parent^A");
    const CopiedModules without_role = Copied(series);
    EXPECT_EQ(ValueOf(without_role, tags::kResponsiblePerson), animal ? "" : "(none)");
    EXPECT_EQ(ValueOf(without_role, kResponsibleOrganization), "Home");
    EXPECT_THAT(without_role.warnings, ElementsAre(HasSubstr("its role (0010,2298) is missing")));
    const CopiedModules modules = Copied(series.With(tags::kResponsiblePersonRole, "CS", "PARENT"));
    EXPECT_EQ(ValueOf(modules, tags::kResponsiblePerson), "Parent^A");
    EXPECT_EQ(ValueOf(modules, tags::kResponsiblePersonRole), "PARENT");
    EXPECT_EQ(ValueOf(modules, tags::kPatientSpeciesDescription), animal ? "Canis" : "(none)");
    EXPECT_THAT(modules.warnings, IsEmpty());
  }
}

TEST(CopiedAttributes, KeepAnIssuerOnlyBesideItsNumber) {
  const std::string issuer = SequenceItem({{DicomTag(0x0040, 0x0031), {"UT", "HOSPITAL"}}});
  SeriesBuilder series = GivenSeries().With(kIssuerOfAccession, "SQ", issuer);
  ASSERT_NE(Find(Copied(series), kIssuerOfAccession), nullptr);
  EXPECT_EQ(Find(Copied(series), kIssuerOfAccession)->items[0][0].value, "HOSPITAL");
  const CopiedModules lost = Copied(series.With(kAccession, "SH", "12345678901234567"));
  EXPECT_EQ(Find(lost, kIssuerOfAccession), nullptr);
  EXPECT_EQ(ValueOf(lost, kAccession), "");
}

TEST(CopiedAttributes, SurviveDamagedSequences) {
  const std::string item =
      SequenceItem({{tags::kPatientId, {"LO", "A"}}, {DicomTag(0x0010, 0x0024), {"SQ", CodeItem("1", "m")}}});
  SeriesBuilder series = GivenSeries(3, 2, 1).With(kOtherIds, "SQ", item + item);
  const std::string whole = series.Bytes()[0];
  const size_t begin = whole.find(item), end = begin + 2 * item.size();
  uint32_t random = 99;
  for (int n = 0; n < 3000; ++n) {
    std::string damaged = whole;
    for (int flips = 0; flips < 3; ++flips) {
      random = random * 1664525 + 1013904223;
      damaged[begin - 12 + (random >> 8) % (end - begin + 12)] ^= static_cast<char>(1 << (random % 8));
    }
    const absl::StatusOr<DicomFile> file = DicomFile::Open(damaged);
    if (file.ok()) (void)CopyModules(*file);
  }
}

TEST(PatientOf, ComparesPatientsAcrossCharacterSets) {
  const auto key = [](const std::string& set, const std::string& name) {
    const std::string bytes =
        GivenSeries().With(kCharacterSet, "CS", set).With(tags::kPatientName, "PN", name).Bytes()[0];
    return PatientOf(DicomFile::Open(bytes).value()).name;
  };
  EXPECT_EQ(key("ISO_IR 100", "M\xFCller^J\xF6rg"), key("ISO_IR 192", "Müller^Jörg^^"));
  EXPECT_NE(key("ISO_IR 100", "M\xFCller^J\xF6rg"), key("ISO_IR 192", "Müller^Jürg"));
}

}  // namespace
}  // namespace sgpsam
