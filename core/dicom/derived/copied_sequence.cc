#include "core/dicom/derived/copied_sequence.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdatset.h>
#include <dcmtk/dcmdata/dcdeftag.h>
#include <dcmtk/dcmdata/dcsequen.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "core/base/status_macros.h"
#include "core/dicom/dataset/dicom_text.h"
#include "core/dicom/dataset/tags.h"
#include "core/dicom/dcmtk/dataset_items.h"
#include "core/dicom/dcmtk/dcmtk_status.h"
#include "core/dicom/derived/kept_value.h"

namespace sgpsam {
namespace {

constexpr size_t kMaxBytes = size_t{64} << 10;

absl::Status Because(absl::string_view reason) { return absl::InvalidArgumentError(reason); }

bool IsPlainText(absl::string_view vr) {
  return vr == "CS" || vr == "UI" || vr == "DA" || vr == "TM" || vr == "DT" || vr == "AS" || vr == "DS" ||
         vr == "IS" || vr == "UR";
}

absl::string_view ElementText(DcmElement& element) {
  char* text = nullptr;
  Uint32 length = 0;
  if (element.getString(text, length).bad() || text == nullptr) return {};
  return {text, length};
}

// `sequence` is told what was assumed and repaired.
absl::StatusOr<std::string> CopyText(uint32_t tag, absl::string_view vr, absl::string_view text,
                                     const TextDecoder& decoder, CopiedSequence& sequence) {
  if (!IsInCharacterSet(vr)) {
    ASSIGN_OR_RETURN(std::string value, KeptValue(tag, vr, true, text));
    sequence.repaired = sequence.repaired || value != TrimPadding(text);
    return value;
  }
  const std::optional<DecodedText> decoded = decoder.Decode(text, vr == "PN");
  if (!decoded) return Because("has a text that is not in its character set");
  if (!decoded->assumed.empty()) sequence.assumed.insert(decoded->assumed);
  return KeptValue(tag, vr, true, decoded->utf8);
}

absl::StatusOr<std::vector<std::vector<CopiedAttribute>>> CopyItems(DcmSequenceOfItems& items,
                                                                    const TextDecoder& decoder,
                                                                    CopiedSequence& sequence);

absl::StatusOr<CopiedAttribute> CopyElement(DcmElement& element, const TextDecoder& decoder,
                                            CopiedSequence& sequence) {
  CopiedAttribute copied;
  copied.tag = DicomTag(element.getGTag(), element.getETag());
  if (element.getGTag() % 2 != 0) return Because("has private attributes");
  if (auto* items = dynamic_cast<DcmSequenceOfItems*>(&element)) {
    copied.is_sequence = true;
    ASSIGN_OR_RETURN(copied.items, CopyItems(*items, decoder, sequence));
    return copied;
  }
  const absl::string_view vr = DcmVR(element.getVR()).getValidVRName();
  if (!IsInCharacterSet(vr) && !IsPlainText(vr)) return Because("has an attribute that is not text");
  ASSIGN_OR_RETURN(copied.value, CopyText(copied.tag, vr, ElementText(element), decoder, sequence));
  return copied;
}

absl::StatusOr<std::vector<CopiedAttribute>> CopyItem(DcmItem& item, const TextDecoder& outer,
                                                      CopiedSequence& sequence) {
  // An item may have a character set of its own (PS3.3 C.12.1.1.2); the copy is in UTF-8 as a whole.
  DcmElement* own_set = nullptr;
  const bool has_own = item.findAndGetElement(DCM_SpecificCharacterSet, own_set).good();
  const TextDecoder decoder = has_own ? TextDecoder(ElementText(*own_set)) : outer;
  std::vector<CopiedAttribute> attributes;
  for (DcmObject* object = item.nextInContainer(nullptr); object != nullptr;
       object = item.nextInContainer(object)) {
    if (object == own_set) continue;
    ASSIGN_OR_RETURN(CopiedAttribute copied,
                     CopyElement(static_cast<DcmElement&>(*object), decoder, sequence));
    attributes.push_back(std::move(copied));
  }
  return attributes;
}

absl::StatusOr<std::vector<std::vector<CopiedAttribute>>> CopyItems(DcmSequenceOfItems& items,
                                                                    const TextDecoder& decoder,
                                                                    CopiedSequence& sequence) {
  std::vector<std::vector<CopiedAttribute>> copied;
  for (DcmObject* object = items.nextInContainer(nullptr); object != nullptr;
       object = items.nextInContainer(object)) {
    ASSIGN_OR_RETURN(std::vector<CopiedAttribute> item,
                     CopyItem(static_cast<DcmItem&>(*object), decoder, sequence));
    copied.push_back(std::move(item));
  }
  return copied;
}

}  // namespace

absl::StatusOr<CopiedSequence> CopySequence(const DicomFile& file, uint32_t tag, const TextDecoder& decoder) {
  RETURN_IF_ERROR(EnsureDcmtk());
  const absl::string_view bytes = file.ElementBytes(tag);
  if (bytes.size() > kMaxBytes) return Because("has more than 64 KiB");
  DcmDataset dataset;
  const absl::Status parsed = ParseElements(file, bytes, dataset);
  DcmElement* element = nullptr;
  const DcmTagKey key(static_cast<Uint16>(tag >> 16), static_cast<Uint16>(tag & 0xFFFF));
  if (!parsed.ok() || dataset.findAndGetElement(key, element).bad() ||
      dynamic_cast<DcmSequenceOfItems*>(element) == nullptr) {
    return Because("is not a sequence");
  }
  CopiedSequence sequence;
  ASSIGN_OR_RETURN(sequence.attribute, CopyElement(*element, decoder, sequence));
  return sequence;
}

}  // namespace sgpsam
