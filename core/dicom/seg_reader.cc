#include "core/dicom/seg_reader.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdatset.h>
#include <dcmtk/dcmdata/dcdeftag.h>
#include <dcmtk/dcmdata/dcistrmb.h>
#include <dcmtk/dcmdata/dcsequen.h>
#include <dcmtk/dcmdata/dcxfer.h>

#include <map>
#include <optional>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/dicom/cielab.h"
#include "core/dicom/dcmtk_status.h"
#include "core/dicom/dicom_file.h"
#include "core/dicom/dicom_text.h"
#include "core/dicom/seg_frames.h"
#include "core/dicom/tags.h"

namespace sgpsam {
namespace {

constexpr absl::string_view kSegmentationStorage = "1.2.840.10008.5.1.4.1.1.66.4";
constexpr uint64_t kMaxMaskBytes = uint64_t{4} << 30;  // of all segments together

absl::Status NotOurs(absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("this SEG cannot be shown on the series: ", why));
}

// Item `n` of a sequence directly in `parent`; nullptr if there is none.
DcmItem* Item(DcmItem* parent, const DcmTagKey& sequence, unsigned long n = 0) {
  DcmSequenceOfItems* items = nullptr;
  if (parent == nullptr || parent->findAndGetSequence(sequence, items).bad() || n >= items->card())
    return nullptr;
  return items->getItem(n);
}

std::string TextOf(DcmItem* item, const DcmTagKey& tag) {
  const char* text = nullptr;
  if (item == nullptr || item->findAndGetString(tag, text).bad() || text == nullptr) return "";
  return std::string(TrimPadding(text));
}

int NumberOf(DcmItem* item, const DcmTagKey& tag) {
  Uint16 number = 0;
  return item != nullptr && item->findAndGetUint16(tag, number).good() ? number : 0;
}

struct FramePlace {
  int segment = 0;  // its number
  int64_t k = 0;
};

class SegReading {
 public:
  SegReading(const DicomFile& file, const SeriesInfo& source, const Shape& shape)
      : file_(file), source_(source), shape_(shape) {}

  absl::StatusOr<std::vector<ReadSegment>> Run();

 private:
  absl::Status CheckImage();
  absl::Status ReadSegments();
  absl::StatusOr<FramePlace> PlaceOf(DcmItem* frame, DcmItem* shared) const;
  absl::Status CopyFrames();

  const DicomFile& file_;
  const SeriesInfo& source_;
  const Shape shape_;
  DcmDataset dataset_;
  uint64_t frames_ = 0;
  std::vector<ReadSegment> segments_;
  std::map<int, std::vector<uint8_t>> bits_;  // by segment number
  std::map<std::string, int64_t> slices_;     // by SOP instance
};

absl::Status SegReading::CheckImage() {
  if (file_.Text(tags::kSopClassUid) != kSegmentationStorage ||
      TextOf(&dataset_, DCM_SegmentationType) != "BINARY") {
    return NotOurs("it is not a BINARY Segmentation");
  }
  if (file_.syntax().encoding != PixelEncoding::kNative || file_.scan().encapsulated ||
      !file_.scan().has_pixels || file_.syntax().big_endian) {
    return NotOurs("its pixel data are missing or compressed");
  }
  if (file_.Uint16(tags::kRows) != shape_.j || file_.Uint16(tags::kColumns) != shape_.i ||
      file_.Uint16(tags::kBitsAllocated) != 1) {
    return NotOurs("it has other Rows and Columns");
  }
  const std::optional<double> frames = ParseNumber(file_.Text(tags::kNumberOfFrames));
  if (!frames || !(*frames >= 1 && *frames <= kMaxElements))
    return NotOurs("its NumberOfFrames is not valid");
  frames_ = static_cast<uint64_t>(*frames);
  const uint64_t bits = frames_ * static_cast<uint64_t>(shape_.i * shape_.j);  // below 2^20 * 2^28
  if (file_.scan().pixels.length < (bits + 7) / 8) return NotOurs("its pixel data are truncated");
  return absl::OkStatus();
}

absl::Status SegReading::ReadSegments() {
  for (unsigned long n = 0; DcmItem* item = Item(&dataset_, DCM_SegmentSequence, n); ++n) {
    ReadSegment segment;
    segment.number = NumberOf(item, DCM_SegmentNumber);
    segment.label = TextOf(item, DCM_SegmentLabel);
    const Uint16* lab = nullptr;
    unsigned long components = 0;
    if (item->findAndGetUint16Array(DCM_RecommendedDisplayCIELabValue, lab, &components).good() &&
        components == 3) {
      segment.rgb = SrgbFromCieLab({lab[0], lab[1], lab[2]});
    }
    if (segment.number == 0 || bits_.count(segment.number) != 0)
      return NotOurs("its segment numbers are not valid");
    bits_[segment.number];  // its bits are made with its first frame
    segments_.push_back(std::move(segment));
  }
  if (segments_.empty()) return NotOurs("it has no segments");
  if (static_cast<uint64_t>(shape_.voxels()) / 8 * segments_.size() > kMaxMaskBytes)
    return NotOurs("it has too many segments");
  return absl::OkStatus();
}

absl::StatusOr<FramePlace> SegReading::PlaceOf(DcmItem* frame, DcmItem* shared) const {
  DcmItem* identification = Item(frame, DCM_SegmentIdentificationSequence);
  if (identification == nullptr) identification = Item(shared, DCM_SegmentIdentificationSequence);
  DcmItem* derivation = Item(frame, DCM_DerivationImageSequence);
  if (derivation == nullptr) derivation = Item(shared, DCM_DerivationImageSequence);
  const auto slice =
      slices_.find(TextOf(Item(derivation, DCM_SourceImageSequence), DCM_ReferencedSOPInstanceUID));
  if (slice == slices_.end()) return NotOurs("a frame does not refer to a slice of the series");
  const FramePlace place{NumberOf(identification, DCM_ReferencedSegmentNumber), slice->second};
  if (bits_.count(place.segment) == 0) return NotOurs("a frame refers to a segment that it does not have");
  return place;
}

absl::Status SegReading::CopyFrames() {
  DcmSequenceOfItems* per_frame = nullptr;
  if (dataset_.findAndGetSequence(DCM_PerFrameFunctionalGroupsSequence, per_frame).bad() ||
      per_frame->card() != frames_) {
    return NotOurs("its functional groups do not fit its frames");
  }
  DcmItem* shared = Item(&dataset_, DCM_SharedFunctionalGroupsSequence);
  const auto* pixels = reinterpret_cast<const uint8_t*>(file_.Bytes(file_.scan().pixels).data());
  const uint64_t frame_bits = static_cast<uint64_t>(shape_.i * shape_.j);
  DcmObject* item = nullptr;
  for (uint64_t f = 0; f < frames_; ++f) {
    item = per_frame->nextInContainer(item);  // getItem(f) would walk the list each time
    ASSIGN_OR_RETURN(const FramePlace place, PlaceOf(static_cast<DcmItem*>(item), shared));
    std::vector<uint8_t>& bits = bits_[place.segment];
    bits.resize(static_cast<size_t>((shape_.voxels() + 7) / 8));
    CopyBits(pixels, frame_bits * f, frame_bits, bits.data(), frame_bits * static_cast<uint64_t>(place.k));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<ReadSegment>> SegReading::Run() {
  const absl::string_view header = file_.header();
  DcmInputBufferStream stream;
  stream.setBuffer(header.data(), static_cast<offile_off_t>(header.size()));
  stream.setEos();
  dataset_.transferInit();
  const OFCondition read =
      dataset_.read(stream, file_.syntax().explicit_vr ? EXS_LittleEndianExplicit : EXS_LittleEndianImplicit);
  dataset_.transferEnd();
  if (read.bad()) return NotOurs("its attributes are damaged");
  RETURN_IF_ERROR(CheckImage());
  for (size_t k = 0; k < source_.instances.size(); ++k) {
    slices_[source_.instances[k].sop_instance_uid] = static_cast<int64_t>(k);
  }
  RETURN_IF_ERROR(ReadSegments());
  RETURN_IF_ERROR(CopyFrames());
  for (ReadSegment& segment : segments_) {
    std::vector<uint8_t>& bits = bits_[segment.number];
    segment.mask = Mask(shape_);
    if (bits.empty()) continue;
    ASSIGN_OR_RETURN(segment.mask,
                     Mask::FromBits(shape_, {reinterpret_cast<const char*>(bits.data()), bits.size()}));
  }
  return std::move(segments_);
}

}  // namespace

absl::StatusOr<std::vector<ReadSegment>> ReadSeg(absl::string_view bytes, const SeriesInfo& source,
                                                 const Shape& shape) {
  RETURN_IF_ERROR(EnsureDcmtk());
  if (source.instances.size() != static_cast<size_t>(shape.k)) {
    return absl::InvalidArgumentError("the series does not have as many instances as the volume has slices");
  }
  ASSIGN_OR_RETURN(const DicomFile file, DicomFile::Open(bytes));
  return SegReading(file, source, shape).Run();
}

}  // namespace sgpsam
