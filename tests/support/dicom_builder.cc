#include "tests/support/dicom_builder.h"

#include <zlib.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "core/dicom/dataset/prescan.h"
#include "tests/support/dicom_encoder.h"

namespace sgpsam::testing {
namespace {

constexpr uint32_t kPosition = DicomTag(0x0020, 0x0032), kOrientation = DicomTag(0x0020, 0x0037);
constexpr uint32_t kSlope = DicomTag(0x0028, 0x1053), kIntercept = DicomTag(0x0028, 0x1052);
constexpr uint32_t kItem = DicomTag(0xFFFE, 0xE000), kSequenceEnd = DicomTag(0xFFFE, 0xE0DD);

bool IsLong(const std::string& vr) {
  return vr == "OB" || vr == "OW" || vr == "UN" || vr == "SQ" || vr == "UT";
}

// Which elements' values consist of 16-bit numbers.
bool IsWords(const std::string& vr) { return vr == "US" || vr == "SS" || vr == "OW"; }

std::string SwappedWords(std::string bytes) {
  for (size_t n = 0; n + 1 < bytes.size(); n += 2) std::swap(bytes[n], bytes[n + 1]);
  return bytes;
}

std::string Padded(const DicomElement& element) {
  std::string bytes = element.bytes;
  const bool binary = IsLong(element.vr) || element.vr == "UI";
  if (bytes.size() % 2 != 0) bytes.push_back(binary ? '\0' : ' ');
  return bytes;
}

std::string Number16(int value, bool big) {
  const std::string bytes = Le16(value);
  return big ? SwappedWords(bytes) : bytes;
}

std::string Number32(uint32_t value, bool big) {
  std::string bytes = Le32(value);
  if (big) std::reverse(bytes.begin(), bytes.end());
  return bytes;
}

std::string Encoded(const DicomElements& elements, bool explicit_vr, bool big) {
  std::string out;
  for (const auto& [tag, element] : elements) {
    std::string bytes = Padded(element);
    if (big && IsWords(element.vr)) bytes = SwappedWords(bytes);
    const auto length = static_cast<uint32_t>(bytes.size());
    out += Number16(static_cast<int>(tag >> 16), big) + Number16(static_cast<int>(tag & 0xFFFF), big);
    if (!explicit_vr) {
      out += Number32(length, big);
    } else if (IsLong(element.vr)) {
      out += element.vr + std::string(2, '\0') + Number32(length, big);
    } else {
      out += element.vr + Number16(static_cast<int>(length), big);
    }
    out += bytes;
  }
  return out;
}

std::string Deflate(const std::string& bytes) {
  z_stream stream{};
  deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  std::string out(bytes.size() + 1024, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

bool IsDcmtks(const std::string& syntax) {
  static const std::set<std::string> known = {
      kRle, kJpegBaseline, kJpegExtended, kJpegLossless, kJpegLosslessSv1, kJpegLs, kJpegLsNear};
  return known.count(syntax) != 0;
}

std::string Ds(const std::array<double, 3>& values) { return absl::StrJoin(values, "\\"); }

std::string Tagged(uint32_t tag, const std::string& rest) {
  return Le16(static_cast<int>(tag >> 16)) + Le16(static_cast<int>(tag & 0xFFFF)) + rest;
}

}  // namespace

std::string Le16(int value) {
  return {static_cast<char>(value & 0xFF), static_cast<char>((value >> 8) & 0xFF)};
}

std::string Le32(uint32_t value) {
  return Le16(static_cast<int>(value & 0xFFFF)) + Le16(static_cast<int>(value >> 16));
}

std::string EncodeElements(const DicomElements& elements) { return Encoded(elements, true, false); }

std::string SequenceItem(const DicomElements& elements) {
  const std::string bytes = EncodeElements(elements);
  return Tagged(kItem, Le32(static_cast<uint32_t>(bytes.size()))) + bytes;
}

std::string Part10(const std::string& syntax, const std::string& dataset, const DicomElements& more_meta) {
  DicomElements meta = {{DicomTag(0x0002, 0x0001), {"OB", std::string("\0\1", 2)}},
                        {DicomTag(0x0002, 0x0010), {"UI", syntax}}};
  meta.insert(more_meta.begin(), more_meta.end());
  const std::string group = EncodeElements(meta);
  const DicomElements length = {
      {DicomTag(0x0002, 0x0000), {"UL", Le32(static_cast<uint32_t>(group.size()))}}};
  return std::string(128, '\0') + "DICM" + EncodeElements(length) + group + dataset;
}

SeriesBuilder::SeriesBuilder(int columns, int rows, int slices)
    : columns_(columns), rows_(rows), order_(static_cast<size_t>(slices)) {
  stored_ = [](int i, int j, int k) { return (31 * i + 7 * j + 101 * k) % 2000 - 600; };
  std::iota(order_.begin(), order_.end(), 0);
  common_ = {{DicomTag(0x0008, 0x0008), {"CS", "ORIGINAL\\PRIMARY\\AXIAL"}},
             {DicomTag(0x0008, 0x0016), {"UI", "1.2.840.10008.5.1.4.1.1.2"}},
             {DicomTag(0x0008, 0x0020), {"DA", "20240102"}},
             {DicomTag(0x0008, 0x0030), {"TM", "101500"}},
             {DicomTag(0x0008, 0x0050), {"SH", "ACC42"}},
             {DicomTag(0x0008, 0x0060), {"CS", "CT"}},
             {DicomTag(0x0008, 0x0090), {"PN", "Referrer^Some"}},
             {DicomTag(0x0010, 0x0010), {"PN", "Secret^Patient"}},
             {DicomTag(0x0010, 0x0020), {"LO", "SECRET-ID-7"}},
             {DicomTag(0x0010, 0x0030), {"DA", "19500607"}},
             {DicomTag(0x0010, 0x0040), {"CS", "F"}},
             {DicomTag(0x0018, 0x0050), {"DS", "9.9"}},  // never the spacing
             {DicomTag(0x0020, 0x000D), {"UI", "1.2.3.100"}},
             {DicomTag(0x0020, 0x000E), {"UI", "1.2.3.200"}},
             {DicomTag(0x0020, 0x0010), {"SH", "STUDY1"}},
             {kOrientation, {"DS", "1\\0\\0\\0\\1\\0"}},
             {DicomTag(0x0020, 0x0052), {"UI", "1.2.3.300"}},
             {DicomTag(0x0028, 0x0002), {"US", Le16(1)}},
             {DicomTag(0x0028, 0x0004), {"CS", "MONOCHROME2"}},
             {DicomTag(0x0028, 0x0010), {"US", Le16(rows)}},
             {DicomTag(0x0028, 0x0011), {"US", Le16(columns)}},
             {DicomTag(0x0028, 0x0030), {"DS", "0.5\\0.75"}},
             {kIntercept, {"DS", "0"}},
             {kSlope, {"DS", "1"}}};
}

SeriesBuilder& SeriesBuilder::WithStored(StoredValue value) {
  stored_ = std::move(value);
  return *this;
}

SeriesBuilder& SeriesBuilder::WithBits(int allocated, int stored, int high_bit, bool is_signed) {
  allocated_ = allocated;
  bits_stored_ = stored;
  high_bit_ = high_bit;
  signed_ = is_signed;
  return *this;
}

SeriesBuilder& SeriesBuilder::WithRescale(const std::string& slope, const std::string& intercept) {
  return With(kSlope, "DS", slope).With(kIntercept, "DS", intercept);
}

SeriesBuilder& SeriesBuilder::WithPlane(const std::string& orientation, std::array<double, 3> origin,
                                        std::array<double, 3> step) {
  origin_ = origin;
  step_ = step;
  return With(kOrientation, "DS", orientation);
}

SeriesBuilder& SeriesBuilder::With(uint32_t tag, const std::string& vr, const std::string& bytes) {
  common_[tag] = {vr, bytes};
  return *this;
}

SeriesBuilder& SeriesBuilder::WithAt(int k, uint32_t tag, const std::string& vr, const std::string& bytes) {
  special_[k][tag] = {vr, bytes};
  return *this;
}

SeriesBuilder& SeriesBuilder::Without(uint32_t tag) {
  removed_.push_back(tag);
  return *this;
}

SeriesBuilder& SeriesBuilder::WithoutSlice(int k) {
  order_.erase(std::find(order_.begin(), order_.end(), k));
  return *this;
}

SeriesBuilder& SeriesBuilder::WithSliceTwice(int k) {
  order_.push_back(k);
  return *this;
}

SeriesBuilder& SeriesBuilder::Shuffled(uint32_t seed) {
  std::mt19937 random(seed);
  std::shuffle(order_.begin(), order_.end(), random);
  return *this;
}

SeriesBuilder& SeriesBuilder::WithTransferSyntax(const std::string& uid) {
  syntax_ = uid;
  return *this;
}

SeriesBuilder& SeriesBuilder::WithoutPreamble() {
  bare_ = true;
  return *this;
}

std::string SeriesBuilder::Pixels(int k) const {
  std::string bytes;
  for (int j = 0; j < rows_; ++j) {
    for (int i = 0; i < columns_; ++i) {
      // Only the stored bits; what lies around them is the test's own business.
      const uint32_t mask = bits_stored_ == 32 ? 0xFFFFFFFF : (1u << bits_stored_) - 1;
      const uint32_t value = (static_cast<uint32_t>(stored_(i, j, k)) & mask)
                             << (high_bit_ + 1 - bits_stored_);
      bytes += Le32(value).substr(0, static_cast<size_t>(allocated_ / 8));
    }
  }
  return bytes;
}

DicomElements SeriesBuilder::Elements(int k) const {
  DicomElements elements = common_;
  elements[DicomTag(0x0008, 0x0018)] = {"UI", absl::StrCat("1.2.3.400.", k + 1)};
  elements[DicomTag(0x0020, 0x0013)] = {"IS", absl::StrCat(100 - k)};
  elements[kPosition] = {
      "DS", Ds({origin_[0] + k * step_[0], origin_[1] + k * step_[1], origin_[2] + k * step_[2]})};
  elements[DicomTag(0x0028, 0x0100)] = {"US", Le16(allocated_)};
  elements[DicomTag(0x0028, 0x0101)] = {"US", Le16(bits_stored_)};
  elements[DicomTag(0x0028, 0x0102)] = {"US", Le16(high_bit_)};
  elements[DicomTag(0x0028, 0x0103)] = {"US", Le16(signed_ ? 1 : 0)};
  elements[kPixelDataTag] = {allocated_ == 8 ? "OB" : "OW", Pixels(k)};
  if (const auto special = special_.find(k); special != special_.end()) {
    for (const auto& [tag, element] : special->second) elements[tag] = element;
  }
  for (uint32_t tag : removed_) elements.erase(tag);
  return elements;
}

std::string SeriesBuilder::Encode(int k) const {
  DicomElements elements = Elements(k);
  const auto dataset_begin = elements.lower_bound(DicomTag(0x0003, 0));
  const DicomElements meta(elements.begin(), dataset_begin);
  elements.erase(elements.begin(), dataset_begin);
  if (bare_) return Encoded(elements, syntax_ != kImplicitLe, syntax_ == kExplicitBe);
  if (syntax_ == kImplicitLe) return Part10(syntax_, Encoded(elements, false, false));
  if (syntax_ == kExplicitBe) return Part10(syntax_, Encoded(elements, true, true));
  if (syntax_ == kDeflated) return Part10(syntax_, Deflate(EncodeElements(elements)));
  if (IsDcmtks(syntax_)) return TranscodeByDcmtk(Part10(kExplicitLe, EncodeElements(elements)), syntax_);
  std::string stream;
  if (syntax_ == kDeflatedFrame) {
    stream = Deflate(Pixels(k));
  } else if (syntax_ == kJpeg2000Lossless) {
    std::vector<int> values;
    for (int n = 0; n < rows_ * columns_; ++n) values.push_back(stored_(n % columns_, n / columns_, k));
    stream = EncodeJpeg2000({columns_, rows_, bits_stored_, signed_, values.data()});
  } else {
    return Part10(syntax_, EncodeElements(elements), meta);
  }
  if (stream.size() % 2 != 0) stream.push_back('\0');
  elements.erase(kPixelDataTag);
  return Part10(syntax_, EncodeElements(elements) + Tagged(kPixelDataTag, std::string("OB\0\0", 4)) +
                             Le32(0xFFFFFFFF) + Tagged(kItem, Le32(0)) +
                             Tagged(kItem, Le32(static_cast<uint32_t>(stream.size()))) + stream +
                             Tagged(kSequenceEnd, Le32(0)));
}

std::vector<std::string> SeriesBuilder::Bytes() const {
  std::vector<std::string> files;
  for (int k : order_) files.push_back(Encode(k));
  return files;
}

std::vector<ByteBuffer> SeriesBuilder::Files() const { return ToBuffers(Bytes()); }

std::vector<ByteBuffer> ToBuffers(const std::vector<std::string>& files) {
  std::vector<ByteBuffer> buffers;
  for (const std::string& file : files) buffers.push_back(*ByteBuffer::CopyOf(file));
  return buffers;
}

}  // namespace sgpsam::testing
