// Sequences and values of a parsed data set, where absence is no error. Pure functions.
#ifndef SGPSAM_CORE_DICOM_DCMTK_DATASET_ITEMS_H_
#define SGPSAM_CORE_DICOM_DCMTK_DATASET_ITEMS_H_

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdatset.h>
#include <dcmtk/dcmdata/dcitem.h>
#include <dcmtk/dcmdata/dcsequen.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "core/dicom/dataset/dicom_file.h"

namespace sgpsam {

// Parses elements of the file, which its scan has walked, without the pixels. A status as FromDcmtkReading's.
absl::Status ParseElements(const DicomFile& file, absl::string_view bytes, DcmDataset& dataset);

// The first item of a sequence directly in `parent`; nullptr if there is none, or no parent.
DcmItem* FirstItem(DcmItem* parent, const DcmTagKey& sequence);

// Calls `visit` with each item of a sequence directly in `parent`; a time linear in their number.
template <typename Visit>
void ForEachItem(DcmItem* parent, const DcmTagKey& sequence, Visit visit) {
  DcmSequenceOfItems* items = nullptr;
  if (parent == nullptr || parent->findAndGetSequence(sequence, items).bad()) return;
  for (DcmObject* item = nullptr; (item = items->nextInContainer(item)) != nullptr;) {
    visit(static_cast<DcmItem*>(item));
  }
}

std::string TextOf(DcmItem* item, const DcmTagKey& tag);  // trimmed; empty if absent
std::optional<uint16_t> Uint16Of(DcmItem* item, const DcmTagKey& tag);
// nullopt unless there are exactly `count` numbers.
std::optional<std::vector<double>> NumbersOf(DcmItem* item, const DcmTagKey& tag, size_t count);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_DICOM_DCMTK_DATASET_ITEMS_H_
