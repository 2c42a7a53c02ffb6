#include "core/dicom/derived/copied_attributes.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "core/base/status_macros.h"
#include "core/dicom/dataset/dicom_text.h"
#include "core/dicom/dataset/tags.h"
#include "core/dicom/dataset/text_decoder.h"
#include "core/dicom/derived/copied_sequence.h"
#include "core/dicom/derived/kept_value.h"

namespace sgpsam {
namespace {

// Attributes that need each other; kNone: each stands for itself.
enum class Group { kNone, kAccession, kSpecies, kResponsible, kDeidentification, kTrialSubject, kTrialStudy };

enum class Presence {
  kAlways,      // type 2 of a module that every object has
  kWithGroup,   // type 2 of a module that not every object has
  kOfAnimals,   // type 2C: where the source has it, and with a species
  kWithSource,  // type 1C or 3: where the source has it
};

struct CopiedTag {
  uint32_t tag;
  absl::string_view vr, name;
  Presence presence;
  Group group = Group::kNone;
  bool identity = false;  // an object without it could be taken for another patient's
  bool several = false;   // values
};

constexpr bool kIdentity = true, kSeveral = true;

constexpr CopiedTag kTags[] = {
    {DicomTag(0x0008, 0x0020), "DA", "StudyDate", Presence::kAlways},
    {DicomTag(0x0008, 0x0030), "TM", "StudyTime", Presence::kAlways},
    {DicomTag(0x0008, 0x0050), "SH", "AccessionNumber", Presence::kAlways, Group::kAccession},
    {DicomTag(0x0008, 0x0051), "SQ", "IssuerOfAccessionNumberSequence", Presence::kWithSource,
     Group::kAccession},
    {DicomTag(0x0008, 0x0090), "PN", "ReferringPhysicianName", Presence::kAlways},
    {tags::kTimezoneOffsetFromUtc, "SH", "TimezoneOffsetFromUTC", Presence::kWithSource},
    {DicomTag(0x0008, 0x1030), "LO", "StudyDescription", Presence::kWithSource},
    {DicomTag(0x0008, 0x1032), "SQ", "ProcedureCodeSequence", Presence::kWithSource},
    {DicomTag(0x0008, 0x1048), "PN", "PhysiciansOfRecord", Presence::kWithSource, Group::kNone, !kIdentity,
     kSeveral},
    {DicomTag(0x0008, 0x1060), "PN", "NameOfPhysiciansReadingStudy", Presence::kWithSource, Group::kNone,
     !kIdentity, kSeveral},
    {DicomTag(0x0008, 0x1080), "LO", "AdmittingDiagnosesDescription", Presence::kWithSource, Group::kNone,
     !kIdentity, kSeveral},
    {DicomTag(0x0008, 0x1084), "SQ", "AdmittingDiagnosesCodeSequence", Presence::kWithSource},
    {tags::kPatientName, "PN", "PatientName", Presence::kAlways, Group::kNone, kIdentity},
    {tags::kPatientId, "LO", "PatientID", Presence::kAlways, Group::kNone, kIdentity},
    {DicomTag(0x0010, 0x0021), "LO", "IssuerOfPatientID", Presence::kWithSource, Group::kNone, kIdentity},
    {DicomTag(0x0010, 0x0022), "CS", "TypeOfPatientID", Presence::kWithSource},
    {DicomTag(0x0010, 0x0024), "SQ", "IssuerOfPatientIDQualifiersSequence", Presence::kWithSource,
     Group::kNone, kIdentity},
    {DicomTag(0x0010, 0x0030), "DA", "PatientBirthDate", Presence::kAlways},
    {DicomTag(0x0010, 0x0032), "TM", "PatientBirthTime", Presence::kWithSource},
    {tags::kPatientSex, "CS", "PatientSex", Presence::kAlways},
    {DicomTag(0x0010, 0x0200), "CS", "QualityControlSubject", Presence::kWithSource},
    {DicomTag(0x0010, 0x1000), "LO", "OtherPatientIDs", Presence::kWithSource, Group::kNone, !kIdentity,
     kSeveral},
    {DicomTag(0x0010, 0x1001), "PN", "OtherPatientNames", Presence::kWithSource, Group::kNone, !kIdentity,
     kSeveral},
    {DicomTag(0x0010, 0x1002), "SQ", "OtherPatientIDsSequence", Presence::kWithSource},
    {DicomTag(0x0010, 0x1010), "AS", "PatientAge", Presence::kWithSource},
    {DicomTag(0x0010, 0x1020), "DS", "PatientSize", Presence::kWithSource},
    {DicomTag(0x0010, 0x1030), "DS", "PatientWeight", Presence::kWithSource},
    {DicomTag(0x0010, 0x2000), "LO", "MedicalAlerts", Presence::kWithSource, Group::kNone, !kIdentity,
     kSeveral},
    {DicomTag(0x0010, 0x2110), "LO", "Allergies", Presence::kWithSource, Group::kNone, !kIdentity, kSeveral},
    {DicomTag(0x0010, 0x2160), "SH", "EthnicGroup", Presence::kWithSource},
    {DicomTag(0x0010, 0x2180), "SH", "Occupation", Presence::kWithSource},
    {DicomTag(0x0010, 0x21B0), "LT", "AdditionalPatientHistory", Presence::kWithSource},
    {tags::kPatientSpeciesDescription, "LO", "PatientSpeciesDescription", Presence::kWithSource,
     Group::kSpecies},
    {tags::kPatientSpeciesCodeSequence, "SQ", "PatientSpeciesCodeSequence", Presence::kWithSource,
     Group::kSpecies},
    {DicomTag(0x0010, 0x2203), "CS", "PatientSexNeutered", Presence::kWithGroup, Group::kSpecies},
    {DicomTag(0x0010, 0x2292), "LO", "PatientBreedDescription", Presence::kWithGroup, Group::kSpecies},
    {DicomTag(0x0010, 0x2293), "SQ", "PatientBreedCodeSequence", Presence::kWithGroup, Group::kSpecies},
    {DicomTag(0x0010, 0x2294), "SQ", "BreedRegistrationSequence", Presence::kWithGroup, Group::kSpecies},
    {tags::kResponsiblePerson, "PN", "ResponsiblePerson", Presence::kOfAnimals, Group::kResponsible},
    {tags::kResponsiblePersonRole, "CS", "ResponsiblePersonRole", Presence::kWithSource, Group::kResponsible},
    {DicomTag(0x0010, 0x2299), "LO", "ResponsibleOrganization", Presence::kOfAnimals},
    {DicomTag(0x0010, 0x4000), "LT", "PatientComments", Presence::kWithSource},
    {tags::kClinicalTrialSponsorName, "LO", "ClinicalTrialSponsorName", Presence::kWithSource,
     Group::kTrialSubject},
    {tags::kClinicalTrialProtocolId, "LO", "ClinicalTrialProtocolID", Presence::kWithSource,
     Group::kTrialSubject},
    {DicomTag(0x0012, 0x0021), "LO", "ClinicalTrialProtocolName", Presence::kWithGroup, Group::kTrialSubject},
    {DicomTag(0x0012, 0x0030), "LO", "ClinicalTrialSiteID", Presence::kWithGroup, Group::kTrialSubject},
    {DicomTag(0x0012, 0x0031), "LO", "ClinicalTrialSiteName", Presence::kWithGroup, Group::kTrialSubject},
    {tags::kClinicalTrialSubjectId, "LO", "ClinicalTrialSubjectID", Presence::kWithSource,
     Group::kTrialSubject},
    {tags::kClinicalTrialSubjectReadingId, "LO", "ClinicalTrialSubjectReadingID", Presence::kWithSource,
     Group::kTrialSubject},
    {DicomTag(0x0012, 0x0050), "LO", "ClinicalTrialTimePointID", Presence::kWithGroup, Group::kTrialStudy},
    {DicomTag(0x0012, 0x0051), "ST", "ClinicalTrialTimePointDescription", Presence::kWithSource,
     Group::kTrialStudy},
    {tags::kPatientIdentityRemoved, "CS", "PatientIdentityRemoved", Presence::kWithSource,
     Group::kDeidentification},
    {tags::kDeidentificationMethod, "LO", "DeidentificationMethod", Presence::kWithSource,
     Group::kDeidentification, !kIdentity, kSeveral},
    {tags::kDeidentificationMethodCodeSequence, "SQ", "DeidentificationMethodCodeSequence",
     Presence::kWithSource, Group::kDeidentification},
    {tags::kClinicalTrialEthicsCommittee, "LO", "ClinicalTrialProtocolEthicsCommitteeName",
     Presence::kWithSource, Group::kTrialSubject},
    {tags::kClinicalTrialEthicsApproval, "LO", "ClinicalTrialProtocolEthicsCommitteeApprovalNumber",
     Presence::kWithSource, Group::kTrialSubject},
    {DicomTag(0x0020, 0x0010), "SH", "StudyID", Presence::kAlways},
};

std::string Named(const CopiedTag& tag) {
  return absl::StrFormat("%s (%04x,%04x)", tag.name, tag.tag >> 16, tag.tag & 0xFFFF);
}

bool HasValue(const CopiedAttribute& attribute) {
  return attribute.is_sequence ? !attribute.items.empty() : !attribute.value.empty();
}

class Copying {
 public:
  explicit Copying(const DicomFile& file) : file_(file), decoder_(file.Text(tags::kSpecificCharacterSet)) {}

  CopiedModules Run() {
    for (size_t n = 0; n < std::size(kTags); ++n) Read(n);
    for (const Group group : {Group::kAccession, Group::kSpecies, Group::kResponsible,
                              Group::kDeidentification, Group::kTrialSubject, Group::kTrialStudy}) {
      Complete(group);
    }
    if (HasSpecies()) CompleteAnimal();
    for (size_t n = 0; n < std::size(kTags); ++n) Take(n);
    return std::move(result_);
  }

 private:
  struct Candidate {
    std::optional<CopiedAttribute> kept;
    bool lost = false;  // it has a value that cannot be kept
  };

  void Read(size_t n);
  absl::StatusOr<CopiedAttribute> Copy(const CopiedTag& tag);
  absl::StatusOr<CopiedAttribute> CopyItems(const CopiedTag& tag);
  void Complete(Group group);
  void CompleteAnimal();
  void Take(size_t n);
  void Warn(std::string text) { result_.warnings.push_back(std::move(text)); }

  // nullptr: it is not in the source, or cannot be kept.
  const CopiedAttribute* Kept(uint32_t tag) const {
    const auto* known =
        std::find_if(std::begin(kTags), std::end(kTags), [&](const CopiedTag& t) { return t.tag == tag; });
    if (known == std::end(kTags)) return nullptr;
    const std::optional<CopiedAttribute>& kept = candidates_[known - std::begin(kTags)].kept;
    return kept ? &*kept : nullptr;
  }
  bool Has(uint32_t tag) const { return Kept(tag) != nullptr && HasValue(*Kept(tag)); }
  bool IsYes(uint32_t tag) const { return Kept(tag) != nullptr && Kept(tag)->value == "YES"; }
  bool HasSpecies() const {
    return Has(tags::kPatientSpeciesDescription) || Has(tags::kPatientSpeciesCodeSequence);
  }
  // What the group's other attributes require and the source lacks; empty: nothing.
  absl::string_view Missing(Group group) const;

  const DicomFile& file_;
  const TextDecoder decoder_;
  Candidate candidates_[std::size(kTags)];
  CopiedModules result_;
};

absl::StatusOr<CopiedAttribute> Copying::CopyItems(const CopiedTag& tag) {
  ASSIGN_OR_RETURN(CopiedSequence sequence, CopySequence(file_, tag.tag, decoder_));
  if (!sequence.assumed.empty()) {
    Warn(absl::StrCat(Named(tag),
                      " has texts in no character set that SpecificCharacterSet (0008,0005) names: they are "
                      "taken as ",
                      absl::StrJoin(sequence.assumed, " or ")));
  }
  if (sequence.repaired) {
    Warn(absl::StrCat(Named(tag), " has values that are not valid: they are repaired in derived objects"));
  }
  return std::move(sequence.attribute);
}

absl::StatusOr<CopiedAttribute> Copying::Copy(const CopiedTag& tag) {
  if (tag.vr == "SQ") return CopyItems(tag);
  const absl::string_view text = file_.Text(tag.tag);
  if (text.size() > kMaxTextBytes) return absl::InvalidArgumentError("has more than 64 KiB");
  absl::StatusOr<std::string> value;
  if (IsInCharacterSet(tag.vr)) {
    const std::optional<DecodedText> decoded = decoder_.Decode(text, tag.vr == "PN");
    const bool declared = !file_.Text(tags::kSpecificCharacterSet).empty();
    const absl::string_view foreign =
        declared ? "is not in the character set that SpecificCharacterSet (0008,0005) names"
                 : "has characters beyond ASCII, and SpecificCharacterSet (0008,0005) is missing";
    if (!decoded) return absl::InvalidArgumentError(foreign);
    value = KeptValue(tag.tag, tag.vr, tag.several, decoded->utf8);
    if (value.ok() && !decoded->assumed.empty()) {
      Warn(absl::StrCat(Named(tag), " ", foreign, ": it is taken as ", decoded->assumed));
    }
  } else {
    value = KeptValue(tag.tag, tag.vr, tag.several, text);
    if (value.ok() && *value != text)
      Warn(absl::StrCat(Named(tag), " is not valid: it is repaired in derived objects"));
  }
  if (!value.ok()) return value.status();
  return CopiedAttribute{tag.tag, *std::move(value)};
}

void Copying::Read(size_t n) {
  const CopiedTag& tag = kTags[n];
  const bool empty =
      !file_.Has(tag.tag) || (tag.vr == "SQ" ? !file_.HasItems(tag.tag) : file_.Text(tag.tag).empty());
  if (tag.tag == tags::kPatientId && empty)
    result_.obstacles.push_back(absl::StrCat(Named(tag), " is empty"));
  if (!file_.Has(tag.tag)) return;
  if (empty) {
    candidates_[n].kept = CopiedAttribute{tag.tag, "", {}, tag.vr == "SQ"};
    return;
  }
  absl::StatusOr<CopiedAttribute> copied = Copy(tag);
  if (copied.ok()) {
    candidates_[n].kept = *std::move(copied);
    return;
  }
  candidates_[n].lost = true;
  const std::string reason = absl::StrCat(Named(tag), " ", copied.status().message());
  if (tag.identity) {
    result_.obstacles.push_back(reason);
  } else {
    Warn(absl::StrCat(reason, ": it is left ", tag.presence == Presence::kAlways ? "empty in" : "out of",
                      " derived objects"));
  }
}

absl::string_view Copying::Missing(Group group) const {
  switch (group) {
    case Group::kSpecies:
      if (!HasSpecies()) return "PatientSpeciesDescription (0010,2201)";
      return {};
    case Group::kResponsible:
      if (Has(tags::kResponsiblePerson) != Has(tags::kResponsiblePersonRole))
        return "ResponsiblePerson (0010,2297) or its role (0010,2298)";
      return {};
    case Group::kDeidentification:
      if (IsYes(tags::kPatientIdentityRemoved) && !Has(tags::kDeidentificationMethod) &&
          !Has(tags::kDeidentificationMethodCodeSequence))
        return "DeidentificationMethod (0012,0063)";
      return {};
    case Group::kTrialSubject:
      if (!Has(tags::kClinicalTrialSponsorName)) return "ClinicalTrialSponsorName (0012,0010)";
      if (!Has(tags::kClinicalTrialProtocolId)) return "ClinicalTrialProtocolID (0012,0020)";
      if (!Has(tags::kClinicalTrialSubjectId) && !Has(tags::kClinicalTrialSubjectReadingId))
        return "ClinicalTrialSubjectID (0012,0040)";
      if (Has(tags::kClinicalTrialEthicsApproval) && !Has(tags::kClinicalTrialEthicsCommittee))
        return "ClinicalTrialProtocolEthicsCommitteeName (0012,0081)";
      return {};
    case Group::kNone:
    case Group::kAccession:
    case Group::kTrialStudy: return {};
  }
  return {};
}

// Whole or not at all: attributes of type 2 that the source lacks are added empty, or all are dropped.
void Copying::Complete(Group group) {
  bool any = false, lost = false;
  for (size_t n = 0; n < std::size(kTags); ++n) {
    if (kTags[n].group != group) continue;
    any = any || candidates_[n].lost || (candidates_[n].kept && HasValue(*candidates_[n].kept));
    lost = lost || candidates_[n].lost;
  }
  const absl::string_view missing = any ? Missing(group) : absl::string_view();
  const bool whole = any && !lost && missing.empty();
  bool dropped = false;
  for (size_t n = 0; n < std::size(kTags); ++n) {
    if (kTags[n].group != group) continue;
    std::optional<CopiedAttribute>& kept = candidates_[n].kept;
    if (whole && kTags[n].presence == Presence::kWithGroup && !kept) {
      kept = CopiedAttribute{kTags[n].tag, "", {}, kTags[n].vr == "SQ"};
    }
    if (whole) continue;
    if (kept && HasValue(*kept) && !dropped) {
      dropped = true;
      Warn(absl::StrCat(
          Named(kTags[n]), " and what belongs to it are left out of derived objects: ",
          missing.empty() ? "they are copied whole or not at all" : absl::StrCat(missing, " is missing")));
    }
    kept.reset();
  }
}

// Who answers for an animal is told, if only as unknown.
void Copying::CompleteAnimal() {
  for (size_t n = 0; n < std::size(kTags); ++n) {
    std::optional<CopiedAttribute>& kept = candidates_[n].kept;
    if (kTags[n].presence == Presence::kOfAnimals && !kept) kept = CopiedAttribute{kTags[n].tag};
  }
}

void Copying::Take(size_t n) {
  const CopiedTag& tag = kTags[n];
  Candidate& candidate = candidates_[n];
  if (!candidate.kept && tag.presence == Presence::kAlways) candidate.kept = CopiedAttribute{tag.tag};
  if (!candidate.kept) return;
  // Type 1C in its own module: an empty one says nothing.
  if (tag.group != Group::kNone && tag.presence == Presence::kWithSource && !HasValue(*candidate.kept))
    return;
  result_.attributes.push_back(*std::move(candidate.kept));
}

}  // namespace

CopiedModules CopyModules(const DicomFile& file) { return Copying(file).Run(); }

PatientKey PatientOf(const DicomFile& file) {
  const TextDecoder decoder(file.Text(tags::kSpecificCharacterSet));
  const auto utf8 = [&](uint32_t tag, bool name) {
    const absl::string_view text = file.Text(tag);
    std::optional<DecodedText> decoded = decoder.Decode(text, name);
    // Longer than any that CopyModules takes, so that it equals none of those.
    return decoded ? std::move(decoded->utf8) : std::string(text.substr(0, kMaxTextBytes + 1));
  };
  PatientKey patient{utf8(tags::kPatientId, false), utf8(tags::kPatientName, true)};
  patient.name.erase(patient.name.find_last_not_of("^= ") + 1);
  return patient;
}

}  // namespace sgpsam
