#include "core/dicom/item_writer.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcitem.h>
#include <dcmtk/dcmdata/dcvrat.h>
#include <dcmtk/dcmdata/dcvrul.h>

#include <memory>
#include <string>

#include "absl/strings/str_format.h"
#include "core/dicom/dcmtk_status.h"

namespace sgpsam {
namespace {

DcmTag TagOf(uint32_t tag) {
  return DcmTag(static_cast<Uint16>(tag >> 16), static_cast<Uint16>(tag & 0xFFFF));
}

}  // namespace

// Every setter's condition is looked at: one that is ignored leaves an attribute out in silence.
#define SGPSAM_PUT(tag, expression) \
  status_.Update(FromDcmtk((expression), absl::StrFormat("writing (%04x,%04x)", (tag) >> 16, (tag)&0xFFFF)))

void ItemWriter::Text(uint32_t tag, absl::string_view value) {
  if (value.empty()) {
    SGPSAM_PUT(tag, item_.insertEmptyElement(TagOf(tag)));
    return;
  }
  const std::string text(value);
  SGPSAM_PUT(tag, item_.putAndInsertString(TagOf(tag), text.data(), static_cast<::Uint32>(text.size())));
}

void ItemWriter::Uint16(uint32_t tag, std::initializer_list<uint16_t> values) {
  SGPSAM_PUT(tag, item_.putAndInsertUint16Array(TagOf(tag), std::data(values), values.size()));
}

void ItemWriter::Uint32(uint32_t tag, std::initializer_list<uint32_t> values) {
  auto element = std::make_unique<DcmUnsignedLong>(TagOf(tag));
  SGPSAM_PUT(tag, element->putUint32Array(std::data(values), values.size()));
  SGPSAM_PUT(tag, item_.insert(element.get(), OFTrue));
  element.release();
}

void ItemWriter::AttributeTag(uint32_t tag, uint32_t value) {
  auto element = std::make_unique<DcmAttributeTag>(TagOf(tag));
  SGPSAM_PUT(tag, element->putTagVal(TagOf(value)));
  SGPSAM_PUT(tag, item_.insert(element.get(), OFTrue));
  element.release();
}

void ItemWriter::Bytes(uint32_t tag, absl::Span<const uint8_t> bytes) {
  DcmTag with_vr = TagOf(tag);
  with_vr.setVR(DcmVR(EVR_OB));
  SGPSAM_PUT(tag, item_.putAndInsertUint8Array(with_vr, bytes.data(), bytes.size()));
}

void ItemWriter::Words(uint32_t tag, absl::Span<const int16_t> words) {
  DcmTag with_vr = TagOf(tag);
  with_vr.setVR(DcmVR(EVR_OW));
  SGPSAM_PUT(tag, item_.putAndInsertUint16Array(with_vr, reinterpret_cast<const ::Uint16*>(words.data()),
                                                words.size()));
}

ItemWriter ItemWriter::Item(uint32_t sequence) {
  DcmItem* item = nullptr;
  SGPSAM_PUT(sequence, item_.findOrCreateSequenceItem(TagOf(sequence), item, -2));  // -2 appends
  return ItemWriter(item != nullptr ? *item : item_, status_);
}

#undef SGPSAM_PUT

}  // namespace sgpsam
