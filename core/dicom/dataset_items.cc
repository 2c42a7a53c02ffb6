#include "core/dicom/dataset_items.h"

#include "core/dicom/dicom_text.h"

namespace sgpsam {

DcmItem* FirstItem(DcmItem* parent, const DcmTagKey& sequence) {
  DcmSequenceOfItems* items = nullptr;
  if (parent == nullptr || parent->findAndGetSequence(sequence, items).bad() || items->card() == 0)
    return nullptr;
  return items->getItem(0);
}

std::string TextOf(DcmItem* item, const DcmTagKey& tag) {
  const char* text = nullptr;
  if (item == nullptr || item->findAndGetString(tag, text).bad() || text == nullptr) return "";
  return std::string(TrimPadding(text));
}

std::optional<uint16_t> Uint16Of(DcmItem* item, const DcmTagKey& tag) {
  Uint16 number = 0;
  if (item == nullptr || item->findAndGetUint16(tag, number).bad()) return std::nullopt;
  return number;
}

std::optional<std::vector<double>> NumbersOf(DcmItem* item, const DcmTagKey& tag, size_t count) {
  std::optional<std::vector<double>> numbers = ParseNumbers(TextOf(item, tag));
  if (numbers && numbers->size() != count) numbers.reset();
  return numbers;
}

}  // namespace sgpsam
