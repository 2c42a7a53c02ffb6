#include "core/dicom/pixels/jpeg_decoder.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdatset.h>
#include <dcmtk/dcmdata/dcdeftag.h>
#include <dcmtk/dcmdata/dcpixel.h>
#include <dcmtk/dcmdata/dcpixseq.h>
#include <dcmtk/dcmdata/dcpxitem.h>
#include <dcmtk/dcmdata/dcxfer.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "core/base/reason.h"
#include "core/base/status_macros.h"
#include "core/dicom/dcmtk/dcmtk_status.h"
#include "core/dicom/pixels/jpeg_header.h"

namespace sgpsam {
namespace {

constexpr size_t kMaxFrameBytes = size_t{1} << 30;  // DCMTK counts in 32 bits

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

absl::Status CheckJpeg(absl::string_view frame, JpegFamily family, PixelLayout& layout) {
  if (frame.size() > kMaxFrameBytes)
    return InvalidArgument(Reason::kVolumeTooLarge, "the JPEG stream is too large");
  ASSIGN_OR_RETURN(const JpegHeader header, ReadJpegHeader(frame, family, layout.rows, layout.columns));
  if (header.precision > layout.bits_allocated || layout.bits_allocated > 16) {
    return absl::InvalidArgumentError("the JPEG image's precision does not fit BitsAllocated");
  }
  // A sample's bits end with the stream's precision, wherever the data set would have them end.
  layout.bits_stored = std::min(layout.bits_stored, header.precision);
  if (layout.high_bit >= header.precision) layout.high_bit = layout.bits_stored - 1;
  return absl::OkStatus();
}

absl::Status DecodeJpeg(absl::string_view frame, const TransferSyntax& syntax, const PixelLayout& layout,
                        std::vector<uint8_t>& samples) {
  RETURN_IF_ERROR(EnsureDcmtk());
  const JpegFamily family =
      syntax.encoding == PixelEncoding::kJpegLs ? JpegFamily::kJpegLs : JpegFamily::kJpeg;
  ASSIGN_OR_RETURN(const JpegHeader header, ReadJpegHeader(frame, family, layout.rows, layout.columns));
  DcmDataset dataset;
  DcmPixelData* pixels = nullptr;
  const std::string uid(syntax.uid);
  RETURN_IF_ERROR(Compose(header.stream, DcmXfer(uid.c_str()).getXfer(), layout, dataset, pixels));
  const size_t decoded = layout.samples() * (header.precision > 8 ? 2 : 1);
  samples.assign(std::max(decoded + decoded % 2, layout.bytes()), 0);  // DCMTK wants an even size
  TakeJpegDamage();
  Uint32 fragment = 0;
  OFString colour_model;
  const OFCondition condition = pixels->getUncompressedFrame(
      &dataset, 0, fragment, samples.data(), static_cast<Uint32>(decoded + decoded % 2), colour_model);
  const bool damaged = TakeJpegDamage();
  RETURN_IF_ERROR(FromDcmtkReading(condition, "the JPEG stream"));
  if (damaged) return absl::InvalidArgumentError("the JPEG stream's coded data are damaged or truncated");
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
