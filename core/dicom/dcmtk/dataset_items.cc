#include "core/dicom/dcmtk/dataset_items.h"

#include <dcmtk/dcmdata/dcistrmb.h>
#include <dcmtk/dcmdata/dcxfer.h>

#include <cstdint>

#include "core/dicom/dataset/dicom_text.h"
#include "core/dicom/dcmtk/dcmtk_status.h"

namespace sgpsam {
namespace {

E_TransferSyntax SyntaxOf(const DicomFile& file) {
  if (file.syntax().big_endian) return file.explicit_vr() ? EXS_BigEndianExplicit : EXS_BigEndianImplicit;
  return file.explicit_vr() ? EXS_LittleEndianExplicit : EXS_LittleEndianImplicit;
}

}  // namespace

absl::Status ParseElements(const DicomFile& file, absl::string_view bytes, DcmDataset& dataset) {
  DcmInputBufferStream stream;
  stream.setBuffer(bytes.data(), static_cast<offile_off_t>(bytes.size()));
  stream.setEos();
  dataset.transferInit();
  const OFCondition read = dataset.read(stream, SyntaxOf(file));
  dataset.transferEnd();
  return FromDcmtkReading(read, "its data set");
}

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
