#include "core/dicom/jpeg_decoder.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdatset.h>
#include <dcmtk/dcmdata/dcdeftag.h>
#include <dcmtk/dcmdata/dcpixel.h>
#include <dcmtk/dcmdata/dcpixseq.h>
#include <dcmtk/dcmdata/dcpxitem.h>
#include <dcmtk/dcmdata/dcxfer.h>

#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "core/base/status_macros.h"
#include "core/dicom/dcmtk_status.h"

namespace sgpsam {
namespace {

constexpr size_t kMaxFrameBytes = size_t{1} << 30;  // DCMTK counts in 32 bits

absl::Status Damaged() { return absl::InvalidArgumentError("the JPEG stream is damaged or truncated"); }

uint32_t BigU16(absl::string_view bytes, size_t at) {
  return (static_cast<uint32_t>(static_cast<uint8_t>(bytes[at])) << 8) | static_cast<uint8_t>(bytes[at + 1]);
}

struct FrameHeader {
  int precision = 0;
  uint32_t rows = 0, columns = 0;
  int components = 0;
};

bool IsFrameMarker(int marker, JpegFamily family) {
  if (family == JpegFamily::kJpegLs) return marker == 0xF7;
  // SOF0 to SOF15 but for DHT, JPG and DAC, which lie among them.
  return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

// Walks the marker segments up to the frame header (ITU-T T.81 B.1.1, T.87 C.2.2).
absl::StatusOr<FrameHeader> FindFrameHeader(absl::string_view stream, JpegFamily family) {
  if (stream.size() < 4 || BigU16(stream, 0) != 0xFFD8) return Damaged();
  size_t at = 2;
  while (stream.size() - at >= 4) {
    if (static_cast<uint8_t>(stream[at]) != 0xFF) return Damaged();
    const int marker = static_cast<uint8_t>(stream[at + 1]);
    if (marker == 0xFF) {  // a fill byte
      ++at;
      continue;
    }
    const size_t length = BigU16(stream, at + 2);
    if (length < 2 || length > stream.size() - at - 2) return Damaged();
    if (IsFrameMarker(marker, family)) {
      if (length < 8) return Damaged();
      return FrameHeader{.precision = static_cast<uint8_t>(stream[at + 4]),
                         .rows = BigU16(stream, at + 5),
                         .columns = BigU16(stream, at + 7),
                         .components = static_cast<uint8_t>(stream[at + 9])};
    }
    at += 2 + length;
  }
  return Damaged();
}

// The least data set from which DCMTK's codecs decode a frame.
absl::Status Compose(absl::string_view frame, E_TransferSyntax transfer, const PixelLayout& layout,
                     DcmDataset& dataset, DcmPixelData*& pixels) {
  const std::pair<DcmTagKey, int> values[] = {{DCM_SamplesPerPixel, 1},
                                              {DCM_Rows, layout.rows},
                                              {DCM_Columns, layout.columns},
                                              {DCM_BitsAllocated, layout.bits_allocated},
                                              {DCM_BitsStored, layout.bits_stored},
                                              {DCM_HighBit, layout.high_bit},
                                              {DCM_PixelRepresentation, layout.is_signed ? 1 : 0}};
  for (const auto& [tag, value] : values) {
    RETURN_IF_ERROR(
        FromDcmtk(dataset.putAndInsertUint16(tag, static_cast<Uint16>(value)), "composing a frame"));
  }
  RETURN_IF_ERROR(FromDcmtk(dataset.putAndInsertString(DCM_PhotometricInterpretation, "MONOCHROME2"),
                            "composing a frame"));
  auto sequence = std::make_unique<DcmPixelSequence>(DCM_PixelSequenceTag);
  auto offsets = std::make_unique<DcmPixelItem>(DCM_PixelItemTag);
  RETURN_IF_ERROR(FromDcmtk(sequence->insert(offsets.get()), "composing a frame"));
  (void)offsets.release();
  std::string padded(frame);  // fragments are even
  if (padded.size() % 2 != 0) padded.push_back('\0');
  DcmOffsetList offset_list;
  RETURN_IF_ERROR(
      FromDcmtk(sequence->storeCompressedFrame(offset_list, reinterpret_cast<Uint8*>(padded.data()),
                                               static_cast<Uint32>(padded.size()), 0),
                "composing a frame"));
  auto element = std::make_unique<DcmPixelData>(DCM_PixelData);
  element->putOriginalRepresentation(transfer, nullptr, sequence.release());
  pixels = element.get();
  RETURN_IF_ERROR(FromDcmtk(dataset.insert(element.get()), "composing a frame"));
  (void)element.release();
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckJpeg(absl::string_view frame, JpegFamily family, const PixelLayout& layout) {
  if (frame.size() > kMaxFrameBytes) return absl::InvalidArgumentError("the JPEG stream is too large");
  ASSIGN_OR_RETURN(const FrameHeader header, FindFrameHeader(frame, family));
  if (header.rows != static_cast<uint32_t>(layout.rows) ||
      header.columns != static_cast<uint32_t>(layout.columns) || header.components != 1) {
    return absl::InvalidArgumentError("the JPEG image does not have the Rows and Columns of its data set");
  }
  if (header.precision < 2 || header.precision > 16 || header.precision > layout.bits_allocated ||
      layout.bits_allocated > 16) {
    return absl::InvalidArgumentError("the JPEG image's precision does not fit BitsAllocated");
  }
  return absl::OkStatus();
}

absl::Status DecodeJpeg(absl::string_view frame, const TransferSyntax& syntax, const PixelLayout& layout,
                        std::vector<uint8_t>& samples) {
  RETURN_IF_ERROR(EnsureDcmtk());
  const JpegFamily family =
      syntax.encoding == PixelEncoding::kJpegLs ? JpegFamily::kJpegLs : JpegFamily::kJpeg;
  ASSIGN_OR_RETURN(const FrameHeader header, FindFrameHeader(frame, family));
  DcmDataset dataset;
  DcmPixelData* pixels = nullptr;
  const std::string uid(syntax.uid);
  RETURN_IF_ERROR(Compose(frame, DcmXfer(uid.c_str()).getXfer(), layout, dataset, pixels));
  const size_t decoded = layout.samples() * (header.precision > 8 ? 2 : 1);
  samples.assign(std::max(decoded + decoded % 2, layout.bytes()), 0);  // DCMTK wants an even size
  Uint32 fragment = 0;
  OFString colour_model;
  const OFCondition condition = pixels->getUncompressedFrame(
      &dataset, 0, fragment, samples.data(), static_cast<Uint32>(decoded + decoded % 2), colour_model);
  if (condition.bad()) return Damaged();
  // 8-bit JPEG in 16-bit samples: spread from the end, so that nothing is overwritten unread.
  if (header.precision <= 8 && layout.bits_allocated == 16) {
    for (size_t s = layout.samples(); s-- > 0;) {
      const uint16_t value = samples[s];
      std::memcpy(samples.data() + 2 * s, &value, sizeof(value));
    }
  }
  samples.resize(layout.bytes());
  return absl::OkStatus();
}

}  // namespace sgpsam
