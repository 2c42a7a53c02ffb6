#include "core/dicom/pixels/jpeg_header.h"

#include <algorithm>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"

namespace sgpsam {
namespace {

// Markers' second bytes (T.81 table B.1, T.87 table C.1).
constexpr int kBaseline = 0xC0, kProgressive = 0xC2, kLossless = 0xC3, kDht = 0xC4, kJpg = 0xC8, kDac = 0xCC,
              kSof15 = 0xCF, kRst0 = 0xD0, kRst7 = 0xD7, kSoi = 0xD8, kEoi = 0xD9, kSos = 0xDA, kDhp = 0xDE,
              kExp = 0xDF, kSof55 = 0xF7;

// Samples times scans: some seconds of work. 16 scans of 16384 x 16384.
constexpr uint64_t kMaxScannedSamples = uint64_t{1} << 32;

absl::Status Damaged() { return absl::InvalidArgumentError("the JPEG stream is damaged or truncated"); }

class Walk {
 public:
  Walk(absl::string_view stream, JpegFamily family, int rows, int columns)
      : stream_(stream),
        family_(family),
        rows_(static_cast<uint32_t>(rows)),
        columns_(static_cast<uint32_t>(columns)) {}

  absl::StatusOr<JpegHeader> Run();

 private:
  int U8(size_t at) const { return static_cast<uint8_t>(stream_[at]); }
  uint32_t U16(size_t at) const { return static_cast<uint32_t>((U8(at) << 8) | U8(at + 1)); }
  size_t left() const { return stream_.size() - at_; }

  bool IsFrame(int marker) const;
  bool IsCoded(int byte) const;
  absl::StatusOr<int> NextMarker();
  void SkipCodedData();
  absl::Status ReadFrame(int marker, size_t length);
  absl::Status CountScan() const;

  const absl::string_view stream_;
  const JpegFamily family_;
  const uint32_t rows_, columns_;
  size_t at_ = 0;
  int frame_ = 0;  // its marker, once it was there
  uint64_t scans_ = 0;
  JpegHeader header_;
};

bool Walk::IsFrame(int marker) const {
  if (family_ == JpegFamily::kJpegLs) return marker == kSof55;
  // SOF0 to SOF15 but for DHT, JPG and DAC, which lie among them.
  return marker >= kBaseline && marker <= kSof15 && marker != kDht && marker != kJpg && marker != kDac;
}

// Whether such a byte after 0xFF belongs to coded data: a stuffed zero (T.87: bit) or a restart.
bool Walk::IsCoded(int byte) const {
  if (byte >= kRst0 && byte <= kRst7) return true;
  return family_ == JpegFamily::kJpegLs ? byte < 0x80 : byte == 0;
}

absl::StatusOr<int> Walk::NextMarker() {
  while (left() >= 2) {
    if (U8(at_) != 0xFF) return Damaged();
    const int marker = U8(at_ + 1);
    if (marker != 0xFF) {
      at_ += 2;
      return marker;
    }
    ++at_;  // a fill byte
  }
  return Damaged();
}

void Walk::SkipCodedData() {
  while (true) {
    at_ = stream_.find('\xFF', at_);
    if (at_ == absl::string_view::npos) {
      at_ = stream_.size();
      return;
    }
    if (left() < 2 || !IsCoded(U8(at_ + 1))) return;
    at_ += 2;
  }
}

absl::Status Walk::ReadFrame(int marker, size_t length) {
  if (frame_ != 0) return absl::InvalidArgumentError("the JPEG stream has more than one frame");
  if (length < 8) return Damaged();
  if (family_ == JpegFamily::kJpeg && marker > kLossless) {
    return absl::InvalidArgumentError(
        "the JPEG stream is arithmetic-coded or hierarchical, which its transfer syntax does not allow");
  }
  frame_ = marker;
  header_.precision = U8(at_ + 2);
  if (U16(at_ + 3) != rows_ || U16(at_ + 5) != columns_ || U8(at_ + 7) != 1) {
    return absl::InvalidArgumentError("the JPEG image does not have the Rows and Columns of its data set");
  }
  if (header_.precision < 2 || header_.precision > 16) return Damaged();
  return absl::OkStatus();
}

absl::Status Walk::CountScan() const {
  if (frame_ == 0) return Damaged();
  const bool progressive = family_ == JpegFamily::kJpeg && frame_ == kProgressive;
  const uint64_t affordable = kMaxScannedSamples / (uint64_t{rows_} * columns_);
  const uint64_t allowed = progressive ? std::min<uint64_t>(kMaxJpegScans, affordable) : 1;
  if (scans_ <= allowed) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("the JPEG stream has more than ", allowed,
                                                 " scan(s): an image of one component needs no more"));
}

absl::StatusOr<JpegHeader> Walk::Run() {
  if (left() < 2 || U16(0) != (0xFF00 | kSoi)) return Damaged();
  at_ = 2;
  while (true) {
    ASSIGN_OR_RETURN(const int marker, NextMarker());
    if (marker == kEoi) break;
    if (marker == kSoi || marker == kDhp || marker == kExp || marker < kBaseline || left() < 2)
      return Damaged();
    const size_t length = U16(at_);
    if (length < 2 || length > left()) return Damaged();
    if (IsFrame(marker)) RETURN_IF_ERROR(ReadFrame(marker, length));
    at_ += length;
    if (marker != kSos) continue;
    ++scans_;
    RETURN_IF_ERROR(CountScan());
    SkipCodedData();
  }
  if (scans_ == 0) return Damaged();
  header_.stream = stream_.substr(0, at_);
  while (left() >= 2 && U8(at_) == 0) ++at_;  // padding
  if (left() >= 2 && U16(at_) == (0xFF00 | kSoi)) {
    return absl::InvalidArgumentError("another JPEG image follows it, and NumberOfFrames does not say so");
  }
  return header_;
}

}  // namespace

absl::StatusOr<JpegHeader> ReadJpegHeader(absl::string_view stream, JpegFamily family, int rows,
                                          int columns) {
  return Walk(stream, family, rows, columns).Run();
}

}  // namespace sgpsam
