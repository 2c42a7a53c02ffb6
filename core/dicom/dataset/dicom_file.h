// One file's bytes, checked and indexed: preamble or bare data set, any native or encapsulated syntax on
// the allow-list, deflated ones inflated within a bound. Gives attribute values; interprets none.
// Movable; safe to read from many threads. The bytes outlive it.
#ifndef SGPSAM_CORE_DICOM_DATASET_DICOM_FILE_H_
#define SGPSAM_CORE_DICOM_DATASET_DICOM_FILE_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/base/byte_buffer.h"
#include "core/dicom/dataset/prescan.h"
#include "core/dicom/dataset/transfer_syntax.h"

namespace sgpsam {

// A deflated data set may grow to this much; a frame of 4096 x 4096 x 16 bits needs half of it.
inline constexpr size_t kMaxInflatedBytes = size_t{64} << 20;

class DicomFile {
 public:
  // INVALID_ARGUMENT: not DICOM, damaged, in a transfer syntax that is not taken, or larger than
  // `max_inflated_bytes` once it is inflated.
  static absl::StatusOr<DicomFile> Open(absl::string_view bytes,
                                        size_t max_inflated_bytes = kMaxInflatedBytes);

  const TransferSyntax& syntax() const { return *syntax_; }
  bool syntax_guessed() const { return syntax_guessed_; }  // the file did not name one
  // Of the data set as it is, whatever the transfer syntax says.
  bool explicit_vr() const { return explicit_vr_; }
  const ScannedDataset& scan() const { return scan_; }
  absl::string_view header() const { return dataset_.substr(0, scan_.header_end); }
  absl::string_view Bytes(const ByteRange& range) const {
    return dataset_.substr(range.offset, range.length);
  }

  // Values of outermost attributes; empty or nullopt where absent.
  absl::string_view Text(uint32_t tag) const;          // trimmed
  std::optional<uint16_t> Uint16(uint32_t tag) const;  // US or SS, in the file's byte order
  std::optional<std::vector<double>> Numbers(uint32_t tag) const;
  bool Has(uint32_t tag) const { return Find(tag) != nullptr; }
  // The sequence is there and has content.
  bool HasItems(uint32_t tag) const;
  // The element as it stands, from its tag to the end of its value; empty where absent.
  absl::string_view ElementBytes(uint32_t tag) const;
  // Of the data set or, where it has none, of the file meta information (0002,0002) and (0002,0003).
  absl::string_view sop_class_uid() const { return sop_class_uid_; }
  absl::string_view sop_instance_uid() const { return sop_instance_uid_; }
  bool uids_from_meta() const { return uids_from_meta_; }  // one of the two was only there

 private:
  absl::Status Scan();
  const ScannedElement* Find(uint32_t tag) const;

  const TransferSyntax* syntax_ = nullptr;
  bool syntax_guessed_ = false;
  bool explicit_vr_ = true;
  ByteBuffer inflated_;
  absl::string_view dataset_;  // of `inflated_` or of the caller's bytes
  absl::string_view sop_class_uid_, sop_instance_uid_;
  bool uids_from_meta_ = false;
  ScannedDataset scan_;
};

// What a file tells of itself that Open refuses, as for its transfer syntax or because it is cut off. Views
// of the bytes; each is a valid UID, or empty where the file does not tell.
struct FileIdentity {
  absl::string_view sop_class_uid, study_instance_uid, series_instance_uid;
};
FileIdentity IdentityOf(absl::string_view bytes);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_DICOM_DATASET_DICOM_FILE_H_
