#include "core/dicom/seg/seg_reader.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdatset.h>
#include <dcmtk/dcmdata/dcdeftag.h>

#include <limits>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/reason.h"
#include "core/base/status_macros.h"
#include "core/dicom/dataset/dicom_file.h"
#include "core/dicom/dataset/dicom_text.h"
#include "core/dicom/dataset/tags.h"
#include "core/dicom/dataset/text_decoder.h"
#include "core/dicom/dcmtk/dataset_items.h"
#include "core/dicom/dcmtk/dcmtk_status.h"
#include "core/dicom/seg/cielab.h"
#include "core/dicom/seg/seg_pixels.h"
#include "core/dicom/seg/seg_placement.h"
#include "core/dicom/seg/seg_references.h"
#include "core/volume/grid_match.h"

namespace sgpsam {
namespace {

constexpr absl::string_view kSegmentationStorage = "1.2.840.10008.5.1.4.1.1.66.4";
constexpr absl::string_view kLabelMapSegmentationStorage = "1.2.840.10008.5.1.4.1.1.66.7";
constexpr uint64_t kMaxMaskBytes = uint64_t{4} << 30;     // of all segments together
constexpr size_t kMaxInflatedSegBytes = size_t{1} << 30;  // 4,000 FRACTIONAL frames of 512 x 512

enum class SegType { kBinary, kFractional, kLabelMap };

absl::Status Unreadable(absl::string_view why) {
  return InvalidArgument(Reason::kDamagedFile, absl::StrCat("this segmentation cannot be read: ", why));
}

// The same status with what it is about in front.
absl::Status OfSeg(const absl::Status& status) {
  const bool elsewhere = absl::IsFailedPrecondition(status);
  return Prefixed(
      WithReasonIfNone(status, Reason::kDamagedFile),
      elsewhere ? "this segmentation does not fit the volume: " : "this segmentation cannot be read: ");
}

WorldPoint Scaled(const std::vector<double>& direction, size_t at, double length) {
  return {direction[at] * length, direction[at + 1] * length, direction[at + 2] * length};
}

struct PlacedFrame {
  FramePlace place;
  size_t segment = 0;  // its index; LABELMAP: not used
};

class SegReading {
 public:
  SegReading(const DicomFile& file, const SeriesInfo* source, const Geometry& volume)
      : file_(file), source_(source), volume_(volume) {}

  absl::StatusOr<ReadSegmentation> Run();

 private:
  absl::Status ParseHeader();
  absl::Status ReadType();
  absl::Status ReadLayout();
  absl::Status ReadSegments();
  absl::StatusOr<PlacedFrame> Place(DcmItem* groups, DcmItem* shared) const;
  absl::Status PlaceFrames();
  absl::Status Paint();
  absl::Status PaintFrame(const PlacedFrame& frame, const std::vector<uint16_t>& values);

  const DicomFile& file_;
  const SeriesInfo* source_;
  const Geometry& volume_;
  DcmDataset dataset_;
  SegType type_ = SegType::kBinary;
  SegPixelLayout layout_;
  int least_ = 1;                  // stored value from which a voxel belongs to its segment; not LABELMAP
  std::optional<int> padding_;     // LABELMAP: the value of voxels of no segment, besides 0
  std::vector<size_t> by_number_;  // index of a segment by its number, or kNone
  ReadSegmentation result_;
  std::vector<std::vector<uint8_t>> bits_;  // by segment; made with its first voxel
  std::vector<PlacedFrame> frames_;

  static constexpr size_t kNone = std::numeric_limits<size_t>::max();
};

absl::Status SegReading::ParseHeader() { return OfSeg(ParseElements(file_, file_.header(), dataset_)); }

absl::Status SegReading::ReadType() {
  const absl::string_view sop_class = file_.Text(tags::kSopClassUid);
  const std::string type = TextOf(&dataset_, DCM_SegmentationType);
  if (sop_class != kSegmentationStorage && sop_class != kLabelMapSegmentationStorage)
    return Unreadable("it is no Segmentation or Label Map Segmentation");
  if (type == "BINARY") {
    type_ = SegType::kBinary;
  } else if (type == "LABELMAP") {
    type_ = SegType::kLabelMap;
    // Signed or not, it is a stored value.
    if (const auto padding = file_.Uint16(tags::kPixelPaddingValue)) padding_ = *padding;
  } else if (type == "FRACTIONAL") {
    type_ = SegType::kFractional;
    const int most = Uint16Of(&dataset_, DCM_MaximumFractionalValue).value_or(0);
    if (most < 1 || most > 255) return Unreadable("its MaximumFractionalValue is not from 1 to 255");
    least_ = (most + 1) / 2;
    const bool occupancy = TextOf(&dataset_, DCM_SegmentationFractionalType) == "OCCUPANCY";
    result_.warnings.push_back(
        absl::StrCat("the segmentation is FRACTIONAL: voxels whose ", occupancy ? "occupancy" : "probability",
                     " is at least one half (", least_, " of ", most, ") are taken, the others left out"));
  } else {
    return Unreadable("its SegmentationType is not BINARY, FRACTIONAL or LABELMAP");
  }
  return absl::OkStatus();
}

absl::Status SegReading::ReadLayout() {
  layout_.rows = file_.Uint16(tags::kRows).value_or(0);
  layout_.columns = file_.Uint16(tags::kColumns).value_or(0);
  if (layout_.rows < 1 || layout_.columns < 1 || layout_.rows > Geometry::kMaxAxis ||
      layout_.columns > Geometry::kMaxAxis) {
    return Unreadable(absl::StrCat("Rows and Columns must each be from 1 to ", Geometry::kMaxAxis));
  }
  layout_.bits_allocated = file_.Uint16(tags::kBitsAllocated).value_or(0);
  const int bits = layout_.bits_allocated;
  const bool fits = type_ == SegType::kBinary       ? bits == 1
                    : type_ == SegType::kFractional ? bits == 8
                                                    : bits == 8 || bits == 16;
  if (!fits || file_.Uint16(tags::kSamplesPerPixel).value_or(1) != 1)
    return Unreadable("its BitsAllocated or SamplesPerPixel do not fit its SegmentationType");
  const std::optional<double> frames = ParseNumber(file_.Text(tags::kNumberOfFrames));
  if (!frames || !(*frames >= 1 && *frames <= kMaxElements))
    return Unreadable("its NumberOfFrames is not valid");
  layout_.frames = static_cast<uint64_t>(*frames);
  return absl::OkStatus();
}

absl::Status SegReading::ReadSegments() {
  by_number_.assign(std::numeric_limits<uint16_t>::max() + size_t{1}, kNone);
  absl::Status status;
  const TextDecoder decoder(file_.Text(tags::kSpecificCharacterSet));
  ForEachItem(&dataset_, DCM_SegmentSequence, [&](DcmItem* item) {
    const std::optional<uint16_t> number = Uint16Of(item, DCM_SegmentNumber);
    if (type_ == SegType::kLabelMap && number && (*number == 0 || padding_ == *number)) return;  // background
    if (!number || *number == 0 || by_number_[*number] != kNone) {
      status = Unreadable("its segment numbers are not valid");
      return;
    }
    by_number_[*number] = result_.segments.size();
    ReadSegment segment;
    segment.number = *number;
    const std::optional<DecodedText> label = decoder.Decode(TextOf(item, DCM_SegmentLabel), false);
    if (label) segment.label = label->utf8;
    segment.rgb = SegmentColour(result_.segments.size());
    const Uint16* lab = nullptr;
    unsigned long components = 0;
    if (item->findAndGetUint16Array(DCM_RecommendedDisplayCIELabValue, lab, &components).good() &&
        components == 3) {
      segment.rgb = SrgbFromCieLab({lab[0], lab[1], lab[2]});
    }
    result_.segments.push_back(std::move(segment));
  });
  RETURN_IF_ERROR(status);
  if (result_.segments.empty()) return Unreadable("it has no segments");
  if (static_cast<uint64_t>(volume_.shape().voxels()) / 8 * result_.segments.size() > kMaxMaskBytes)
    return Unreadable("it has too many segments");
  bits_.resize(result_.segments.size());
  return absl::OkStatus();
}

absl::StatusOr<PlacedFrame> SegReading::Place(DcmItem* groups, DcmItem* shared) const {
  const auto group = [&](const DcmTagKey& sequence) {
    DcmItem* own = FirstItem(groups, sequence);
    return own != nullptr ? own : FirstItem(shared, sequence);
  };
  const auto position = NumbersOf(group(DCM_PlanePositionSequence), DCM_ImagePositionPatient, 3);
  const auto orientation = NumbersOf(group(DCM_PlaneOrientationSequence), DCM_ImageOrientationPatient, 6);
  const auto spacing = NumbersOf(group(DCM_PixelMeasuresSequence), DCM_PixelSpacing, 2);
  if (!position || !orientation || !spacing) {
    return Unreadable(
        "a frame has no valid ImagePositionPatient, ImageOrientationPatient or PixelSpacing, so its place in "
        "the patient is unknown");
  }
  FramePlane plane;
  plane.position = {(*position)[0], (*position)[1], (*position)[2]};
  plane.column_step = Scaled(*orientation, 0, (*spacing)[1]);
  plane.row_step = Scaled(*orientation, 3, (*spacing)[0]);
  plane.columns = layout_.columns;
  plane.rows = layout_.rows;
  absl::StatusOr<FramePlace> place = PlaceFrame(plane, volume_, kMaskGridTolerance);
  if (!place.ok()) return OfSeg(place.status());
  PlacedFrame frame{*place};
  if (type_ == SegType::kLabelMap) return frame;
  DcmItem* identification = group(DCM_SegmentIdentificationSequence);
  frame.segment = by_number_[Uint16Of(identification, DCM_ReferencedSegmentNumber).value_or(0)];
  if (frame.segment == kNone) return Unreadable("a frame refers to a segment that it does not have");
  return frame;
}

absl::Status SegReading::PlaceFrames() {
  DcmSequenceOfItems* per_frame = nullptr;
  if (dataset_.findAndGetSequence(DCM_PerFrameFunctionalGroupsSequence, per_frame).bad() ||
      per_frame->card() != layout_.frames) {
    return Unreadable("its functional groups do not fit its frames");
  }
  DcmItem* shared = FirstItem(&dataset_, DCM_SharedFunctionalGroupsSequence);
  const SegReferences references(dataset_, shared, source_);
  if (const absl::Status status = references.CheckObject(); !status.ok()) return OfSeg(status);
  std::set<std::tuple<size_t, int64_t, int64_t, int64_t>> taken;
  DcmObject* item = nullptr;
  for (uint64_t f = 0; f < layout_.frames; ++f) {
    item = per_frame->nextInContainer(item);  // getItem(f) would walk the list each time
    auto* groups = static_cast<DcmItem*>(item);
    ASSIGN_OR_RETURN(const PlacedFrame frame, Place(groups, shared));
    if (const absl::Status status = references.CheckFrame(groups, frame.place); !status.ok())
      return OfSeg(status);
    const FramePlace& place = frame.place;
    if (!taken.emplace(frame.segment, place.first, place.column_stride, place.row_stride).second)
      return Unreadable("two frames of a segment lie at the same place");
    frames_.push_back(frame);
  }
  return absl::OkStatus();
}

absl::Status SegReading::PaintFrame(const PlacedFrame& frame, const std::vector<uint16_t>& values) {
  size_t n = 0;
  for (int row = 0; row < layout_.rows; ++row) {
    int64_t voxel = frame.place.first + row * frame.place.row_stride;
    for (int column = 0; column < layout_.columns; ++column, ++n, voxel += frame.place.column_stride) {
      const uint16_t value = values[n];
      size_t segment = frame.segment;
      if (type_ == SegType::kLabelMap) {
        if (value == 0 || padding_ == value) continue;
        segment = by_number_[value];
        if (segment == kNone) return Unreadable("a voxel belongs to a segment that it does not have");
      } else if (value < least_) {
        continue;
      }
      std::vector<uint8_t>& bits = bits_[segment];
      if (bits.empty()) bits.resize(static_cast<size_t>((volume_.shape().voxels() + 7) / 8));
      uint8_t& byte = bits[static_cast<size_t>(voxel >> 3)];
      byte = static_cast<uint8_t>(byte | (1u << (voxel & 7)));
    }
  }
  return absl::OkStatus();
}

absl::Status SegReading::Paint() {
  absl::StatusOr<SegPixels> pixels = SegPixels::Create(file_, layout_);
  if (!pixels.ok()) return OfSeg(pixels.status());
  std::vector<uint16_t> values;
  for (uint64_t f = 0; f < layout_.frames; ++f) {
    if (const absl::Status status = pixels->Read(f, values); !status.ok()) return OfSeg(status);
    RETURN_IF_ERROR(PaintFrame(frames_[f], values));
  }
  for (size_t s = 0; s < bits_.size(); ++s) {
    Mask& mask = result_.segments[s].mask;
    mask = Mask(volume_.shape());
    if (bits_[s].empty()) continue;
    const absl::string_view bits(reinterpret_cast<const char*>(bits_[s].data()), bits_[s].size());
    ASSIGN_OR_RETURN(mask, Mask::FromBits(volume_.shape(), bits));
  }
  return absl::OkStatus();
}

absl::StatusOr<ReadSegmentation> SegReading::Run() {
  RETURN_IF_ERROR(ParseHeader());
  RETURN_IF_ERROR(ReadType());
  RETURN_IF_ERROR(ReadLayout());
  RETURN_IF_ERROR(ReadSegments());
  RETURN_IF_ERROR(PlaceFrames());
  RETURN_IF_ERROR(Paint());
  return std::move(result_);
}

}  // namespace

absl::StatusOr<ReadSegmentation> ReadSeg(absl::string_view bytes, const SeriesInfo* source,
                                         const Geometry& volume) {
  RETURN_IF_ERROR(EnsureDcmtk());
  if (source != nullptr && source->instances.size() != static_cast<size_t>(volume.shape().k)) {
    return absl::InvalidArgumentError("the series does not have as many instances as the volume has slices");
  }
  ASSIGN_OR_RETURN(const DicomFile file, DicomFile::Open(bytes, kMaxInflatedSegBytes));
  return SegReading(file, source, volume).Run();
}

}  // namespace sgpsam
