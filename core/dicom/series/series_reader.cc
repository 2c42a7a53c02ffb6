#include "core/dicom/series/series_reader.h"

#include <algorithm>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/reason.h"
#include "core/base/status_macros.h"
#include "core/dicom/dataset/dicom_file.h"
#include "core/dicom/folder/file_summary.h"
#include "core/dicom/pixels/pixel_decoder.h"
#include "core/dicom/pixels/rescale.h"
#include "core/dicom/series/geometry_text.h"
#include "core/dicom/series/series_geometry.h"
#include "core/dicom/series/series_summary.h"
#include "core/dicom/series/slice_header.h"
#include "core/dicom/series/stack_selection.h"

namespace sgpsam {
namespace {

absl::Status InFile(size_t number, const absl::Status& status) {
  const absl::Status named =
      WithDetail(WithReasonIfNone(status, Reason::kDamagedFile), "file", absl::StrCat(number));
  return Prefixed(named, absl::StrCat("file ", number, ": "));
}

SliceScale ScaleOf(const SliceHeader& header) { return {header.layout, {header.slope, header.intercept}}; }

absl::Status CheckVolumeBytes(uint64_t bytes, const SeriesLimits& limits) {
  if (bytes <= limits.max_volume_bytes) return absl::OkStatus();
  return InvalidArgument(Reason::kVolumeTooLarge,
                         absl::StrCat("the series decodes to ", bytes, " bytes; at most ",
                                      limits.max_volume_bytes, " are taken"),
                         {{"max_bytes", absl::StrCat(limits.max_volume_bytes)}});
}

// For a message, which never repeats what a file happens to say:
// a code of PS3.3 C.7.3.1.1.1 that images have.
std::string ModalityName(absl::string_view modality) {
  constexpr absl::string_view kCodes[] = {"BMD", "CR", "CT",  "DX", "ES",  "GM", "IO", "MG",
                                          "MR",  "NM", "OCT", "OP", "OPT", "OT", "PT", "PX",
                                          "RF",  "RG", "SM",  "TG", "US",  "XA", "XC"};
  return absl::c_linear_search(kCodes, modality) ? absl::StrCat(modality, " ") : "";
}

absl::Status SeveralSeries(const std::vector<FoundSeries>& series) {
  constexpr size_t kListed = 10;
  std::vector<std::string> list;
  for (size_t s = 0; s < std::min(kListed, series.size()); ++s) {
    const size_t count = series[s].files.size();
    list.push_back(absl::StrCat("that of file ", series[s].files[0] + 1, " with ", count, " ",
                                ModalityName(series[s].modality), count == 1 ? "image" : "images"));
  }
  if (series.size() > kListed) list.push_back(absl::StrCat(series.size() - kListed, " more"));
  return FailedPrecondition(
      Reason::kSeveralSeries,
      absl::StrCat("the files belong to ", series.size(), " image series: ", absl::StrJoin(list, ", "),
                   ". Send one of them, or name it by its SeriesInstanceUID or SeriesNumber"),
      {{"series", absl::StrCat(series.size())}});
}

absl::Status NoSeries(const SeriesChoice& choice, size_t files, bool named) {
  const std::string what = absl::StrCat(
      named ? "the series that was named is not among the files" : "there is no image series among the files",
      ": ", CountedKinds(choice.passed_over));
  const bool foreign = choice.passed_over.size() == 1 && !named &&
                       choice.passed_over[0].kind == "not DICOM" && choice.passed_over[0].files == files;
  if (foreign) return InvalidArgument(Reason::kWrongFormat, what);
  return FailedPrecondition(named ? Reason::kSeriesNotFound : Reason::kNoImages, what);
}

struct Headers {
  std::vector<SliceHeader> slices;  // of the chosen series' images that make its volume
  std::vector<PassedOver> passed_over;
};

// First pass: the headers only; nothing of the pixels is decoded or kept.
absl::StatusOr<Headers> ReadHeaders(const std::vector<ByteBuffer>& files, absl::string_view series,
                                    const CallContext& call) {
  std::vector<FileSummary> summaries;
  std::vector<absl::StatusOr<SliceHeader>> headers;
  for (size_t n = 0; n < files.size(); ++n) {
    RETURN_IF_ERROR(call.Check());
    const absl::StatusOr<DicomFile> file = DicomFile::Open(files[n].view());
    summaries.push_back(Summarise(files[n].view(), file));
    headers.push_back(file.ok() ? ReadSliceHeader(*file, static_cast<int>(n + 1)) : file.status());
  }
  SeriesChoice choice = ChooseSeries(summaries, series);
  if (!choice.undecided.empty()) return SeveralSeries(choice.undecided);
  if (choice.files.empty()) return NoSeries(choice, files.size(), !series.empty());
  Headers read;
  for (const size_t n : choice.files) {
    if (!headers[n].ok()) return InFile(n + 1, headers[n].status());
    read.slices.push_back(*std::move(headers[n]));
  }
  read.passed_over = std::move(choice.passed_over);
  return read;
}

absl::StatusOr<Headers> ReadStack(const std::vector<ByteBuffer>& files, absl::string_view series,
                                  const CallContext& call) {
  ASSIGN_OR_RETURN(Headers read, ReadHeaders(files, series, call));
  RETURN_IF_ERROR(DropDuplicates(
      files, [&] { return call.Check(); }, read.slices, read.passed_over));
  DropLocalizers(read.slices, read.passed_over);
  RETURN_IF_ERROR(CheckOneSeries(read.slices));
  return read;
}

size_t FileOf(const SliceHeader& header) { return static_cast<size_t>(header.plane.file_number - 1); }

// The files that are not the volume's die before the volume is made.
void FreeOthers(const std::vector<SliceHeader>& headers, std::vector<ByteBuffer>& files) {
  std::vector<ByteBuffer> kept(files.size());
  for (const SliceHeader& header : headers) kept[FileOf(header)] = std::move(files[FileOf(header)]);
  files = std::move(kept);
}

// The volume while it grows, slice by slice.
struct Growing {
  SampleType type = SampleType::kInt16;
  ByteBuffer bytes;
  size_t samples = 0;       // written so far
  bool stray_bits = false;  // outside of BitsStored, in any slice

  uint8_t* end() { return bytes.data() + samples * BytesPerSample(type); }
};

template <typename Sample>
void CopyAsFloat(const uint8_t* from, size_t samples, float* to) {
  const auto* values = reinterpret_cast<const Sample*>(from);
  std::copy(values, values + samples, to);
}

// A value turned up that 16 bits do not hold: all samples become float32.
absl::Status Widen(const SeriesLimits& limits, Growing& volume) {
  const uint64_t bytes = volume.bytes.size() / BytesPerSample(volume.type) * sizeof(float);
  RETURN_IF_ERROR(CheckVolumeBytes(bytes, limits));
  ASSIGN_OR_RETURN(ByteBuffer wide, ByteBuffer::Zeroed(bytes));
  auto* to = reinterpret_cast<float*>(wide.data());
  if (volume.type == SampleType::kInt16) {
    CopyAsFloat<int16_t>(volume.bytes.data(), volume.samples, to);
  } else {
    CopyAsFloat<uint16_t>(volume.bytes.data(), volume.samples, to);
  }
  volume.bytes = std::move(wide);
  volume.type = SampleType::kFloat32;
  return absl::OkStatus();
}

// Stray bits are nothing where the stored ones are the lowest, as the standard wants it. Elsewhere they may
// as well mean that HighBit is wrong: GDCM and pydicom take the lowest bits then, whatever it says.
absl::Status CheckHighBit(const PixelLayout& layout) {
  if (layout.high_bit == layout.bits_stored - 1) return absl::OkStatus();
  return InvalidArgument(
      Reason::kDamagedFile,
      "HighBit (0028,0102) is not BitsStored - 1, and pixels have bits outside of the stored ones: which "
      "bits are their values is not known");
}

// Second pass: slice by slice into the volume; each file's bytes die with its slice.
absl::Status DecodeSlices(std::vector<ByteBuffer>& files, const std::vector<SliceHeader>& headers,
                          const std::vector<size_t>& order, const SeriesLimits& limits,
                          const CallContext& call, Growing& volume) {
  std::vector<uint8_t> stored;
  for (const size_t slice : order) {
    RETURN_IF_ERROR(call.Check());
    const SliceHeader& header = headers[slice];
    const size_t n = FileOf(header);
    const absl::StatusOr<DicomFile> file = DicomFile::Open(files[n].view());
    if (!file.ok()) return InFile(n + 1, file.status());
    const absl::Status decoded = DecodePixels(*file, header.layout, stored);
    if (!decoded.ok()) return InFile(n + 1, decoded);
    if (HasStrayBits(stored.data(), header.layout)) {
      const absl::Status believed = CheckHighBit(header.layout);
      if (!believed.ok()) return InFile(n + 1, believed);
      volume.stray_bits = true;
    }
    const SliceScale scale = ScaleOf(header);
    if (!RescaleSlice(stored.data(), scale, volume.type, volume.end())) {
      RETURN_IF_ERROR(Widen(limits, volume));
      RescaleSlice(stored.data(), scale, volume.type, volume.end());
    }
    volume.samples += header.layout.samples();
    files[n] = ByteBuffer();
  }
  return absl::OkStatus();
}

absl::Status CheckLimits(const std::vector<ByteBuffer>& files, const SeriesLimits& limits) {
  if (files.empty()) return InvalidArgument(Reason::kNoImages, "the series has no files");
  if (files.size() > static_cast<size_t>(std::max(limits.max_files, 0))) {
    return InvalidArgument(
        Reason::kTooManyFiles,
        absl::StrCat("the series has ", files.size(), " files; at most ", limits.max_files, " are taken"),
        {{"max_files", absl::StrCat(limits.max_files)}});
  }
  return absl::OkStatus();
}

absl::StatusOr<Growing> AllocateVolume(const std::vector<SliceHeader>& headers, const SeriesLimits& limits) {
  std::vector<SliceScale> scales;
  scales.reserve(headers.size());
  for (const SliceHeader& header : headers) scales.push_back(ScaleOf(header));
  Growing volume;
  volume.type = ChooseSampleType(scales);
  // At most 2^28 samples of 4 bytes a slice: no overflow for any number of files that exists.
  const uint64_t bytes = uint64_t{headers[0].layout.samples()} * headers.size() * BytesPerSample(volume.type);
  RETURN_IF_ERROR(CheckVolumeBytes(bytes, limits));
  ASSIGN_OR_RETURN(volume.bytes, ByteBuffer::Zeroed(bytes));
  return volume;
}

}  // namespace

absl::StatusOr<DicomSeries> ReadSeries(std::vector<ByteBuffer> files, const SeriesLimits& limits,
                                       const CallContext& call, absl::string_view series) {
  RETURN_IF_ERROR(CheckLimits(files, limits));
  ASSIGN_OR_RETURN(Headers stack, ReadStack(files, series, call));
  const std::vector<SliceHeader>& headers = stack.slices;
  FreeOthers(headers, files);
  std::vector<SlicePlane> planes;
  planes.reserve(headers.size());
  for (const SliceHeader& header : headers) planes.push_back(header.plane);
  const PixelLayout& layout = headers[0].layout;
  ASSIGN_OR_RETURN(SeriesGeometry place, PlaceSlices(planes, layout.rows, layout.columns));
  RETURN_IF_ERROR(CheckOneKindOfImage(headers));  // after what says more: orientations and positions

  DicomSeries read;
  read.passed_over = std::move(stack.passed_over);
  if (!read.passed_over.empty()) read.warnings.push_back(DescribePassedOver(read.passed_over));
  read.warnings.insert(read.warnings.end(), place.warnings.begin(), place.warnings.end());
  {
    ASSIGN_OR_RETURN(const DicomFile first, DicomFile::Open(files[FileOf(headers[place.order[0]])].view()));
    read.info = SummariseSeries(first, headers, place.order, read.warnings);
  }
  SayGeometry(place.geometry, read.info);
  ASSIGN_OR_RETURN(Growing volume, AllocateVolume(headers, limits));
  RETURN_IF_ERROR(DecodeSlices(files, headers, place.order, limits, call, volume));
  if (volume.stray_bits) {
    read.warnings.push_back(
        "some pixels have bits outside of BitsStored (0028,0101): they were left out, as those of overlays "
        "and padding; if BitsStored is wrong, the values are");
  }
  ASSIGN_OR_RETURN(read.volume, Volume::Create(place.geometry, volume.type, std::move(volume.bytes)));
  return read;
}

}  // namespace sgpsam
