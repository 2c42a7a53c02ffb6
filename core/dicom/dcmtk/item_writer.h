// Puts attributes into one DCMTK item and remembers the first failure, so that modules read like the tables
// of PS3.3. Belongs to one thread; the item and the status outlive it.
#ifndef SGPSAM_CORE_DICOM_DCMTK_ITEM_WRITER_H_
#define SGPSAM_CORE_DICOM_DCMTK_ITEM_WRITER_H_

#include <cstdint>
#include <initializer_list>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

class DcmItem;

namespace sgpsam {

class ItemWriter {
 public:
  ItemWriter(DcmItem& item, absl::Status& status) : item_(item), status_(status) {}

  // A value of any text representation; empty writes the attribute without a value.
  void Text(uint32_t tag, absl::string_view value);
  void Uint16(uint32_t tag, std::initializer_list<uint16_t> values);
  void Uint32(uint32_t tag, std::initializer_list<uint32_t> values);
  void AttributeTag(uint32_t tag, uint32_t value);
  void Bytes(uint32_t tag, absl::Span<const uint8_t> bytes);  // OB
  void Words(uint32_t tag, absl::Span<const int16_t> words);  // OW

  // Appends an item to the sequence, which is made if need be. If that fails, the writer returned writes
  // into the parent; the failure is in the status.
  ItemWriter Item(uint32_t sequence);

 private:
  DcmItem& item_;
  absl::Status& status_;
};

}  // namespace sgpsam

#endif  // SGPSAM_CORE_DICOM_DCMTK_ITEM_WRITER_H_
