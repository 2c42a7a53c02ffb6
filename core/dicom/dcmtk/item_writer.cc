#include "core/dicom/dcmtk/item_writer.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcitem.h>
#include <dcmtk/dcmdata/dcvrat.h>
#include <dcmtk/dcmdata/dcvrul.h>

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_format.h"
#include "core/dicom/dcmtk/dcmtk_status.h"

namespace sgpsam {
namespace {

DcmTag TagOf(uint32_t tag) {
  return DcmTag(static_cast<Uint16>(tag >> 16), static_cast<Uint16>(tag & 0xFFFF));
}

// Every setter's condition is looked at: one that is ignored leaves an attribute out in silence.
void Note(const OFCondition& condition, uint32_t tag, absl::Status& status) {
  if (condition.good()) return;
  status.Update(FromDcmtk(condition, absl::StrFormat("writing (%04x,%04x)", tag >> 16, tag & 0xFFFF)));
}

// The item owns the element if it takes it.
void Insert(std::unique_ptr<DcmElement> element, uint32_t tag, DcmItem& item, absl::Status& status) {
  const OFCondition inserted = item.insert(element.get(), OFTrue);
  if (inserted.good()) (void)element.release();
  Note(inserted, tag, status);
}

}  // namespace

void ItemWriter::Text(uint32_t tag, absl::string_view value) {
  if (value.empty()) {
    Note(item_.insertEmptyElement(TagOf(tag)), tag, status_);
    return;
  }
  const std::string text(value);
  Note(item_.putAndInsertString(TagOf(tag), text.data(), static_cast<::Uint32>(text.size())), tag, status_);
}

void ItemWriter::Uint16(uint32_t tag, std::initializer_list<uint16_t> values) {
  Note(item_.putAndInsertUint16Array(TagOf(tag), std::data(values), values.size()), tag, status_);
}

void ItemWriter::Uint32(uint32_t tag, std::initializer_list<uint32_t> values) {
  auto element = std::make_unique<DcmUnsignedLong>(TagOf(tag));
  Note(element->putUint32Array(std::data(values), values.size()), tag, status_);
  Insert(std::move(element), tag, item_, status_);
}

void ItemWriter::AttributeTag(uint32_t tag, uint32_t value) {
  auto element = std::make_unique<DcmAttributeTag>(TagOf(tag));
  Note(element->putTagVal(TagOf(value)), tag, status_);
  Insert(std::move(element), tag, item_, status_);
}

void ItemWriter::Bytes(uint32_t tag, absl::Span<const uint8_t> bytes) {
  DcmTag with_vr = TagOf(tag);
  with_vr.setVR(DcmVR(EVR_OB));
  Note(item_.putAndInsertUint8Array(with_vr, bytes.data(), bytes.size()), tag, status_);
}

void ItemWriter::Words(uint32_t tag, absl::Span<const int16_t> words) {
  DcmTag with_vr = TagOf(tag);
  with_vr.setVR(DcmVR(EVR_OW));
  Note(item_.putAndInsertUint16Array(with_vr, reinterpret_cast<const ::Uint16*>(words.data()), words.size()),
       tag, status_);
}

ItemWriter ItemWriter::Item(uint32_t sequence) {
  DcmItem* item = nullptr;
  Note(item_.findOrCreateSequenceItem(TagOf(sequence), item, -2), sequence, status_);  // -2 appends
  return ItemWriter(item != nullptr ? *item : item_, status_);
}

}  // namespace sgpsam
