#include "core/dicom/pixels/jpeg2000_header.h"

#include <algorithm>
#include <bitset>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/reason.h"
#include "core/base/status_macros.h"

namespace sgpsam {
namespace {

// Markers (ISO/IEC 15444-1 table A.2, 15444-15 A.1).
constexpr uint32_t kSoc = 0xFF4F, kSiz = 0xFF51, kCod = 0xFF52, kCoc = 0xFF53, kSot = 0xFF90, kSod = 0xFF93,
                   kEoc = 0xFFD9;
// The other ones that a part 1 or a high-throughput codestream may have: CAP, TLM, PRF, PLM, PLT, CPF, QCD,
// QCC, RGN, POC, PPM, PPT, CRG, COM.
constexpr uint32_t kHarmless[] = {0xFF50, 0xFF55, 0xFF56, 0xFF57, 0xFF58, 0xFF59, 0xFF5C,
                                  0xFF5D, 0xFF5E, 0xFF5F, 0xFF60, 0xFF61, 0xFF63, 0xFF64};

constexpr int kMaxPrecision = 16;
constexpr int kMaxLevels = 32;              // of decomposition, by the format
constexpr uint32_t kMaxSegments = 1024;     // in one header; decoders search their lists of them
constexpr uint64_t kMaxPackets = 1u << 20;  // of a tile
constexpr uint64_t kMaxParts = 255;         // of a tile, by the format
// Precincts and code blocks, on each of which a decoder spends about half a kilobyte: kFreeBlocks in any
// image, and one more for each kSamplesOfABlock samples.
constexpr uint64_t kFreeBlocks = 1u << 17;
constexpr uint64_t kSamplesOfABlock = 256;

absl::Status Damaged() {
  return absl::InvalidArgumentError("the JPEG 2000 codestream is damaged or truncated");
}

absl::Status TooMany(absl::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("the JPEG 2000 codestream has more ", what, " than an image of its size needs"));
}

uint64_t CeilDivide(uint64_t a, uint64_t b) { return (a + b - 1) / b; }

// One marker segment's parameters, read from the front; reading beyond the end gives zeros and `overrun`.
class Segment {
 public:
  explicit Segment(absl::string_view bytes) : bytes_(bytes) {}
  uint32_t U8() { return Take(1); }
  uint32_t U16() { return Take(2); }
  uint32_t U32() { return Take(4); }
  size_t left() const { return bytes_.size(); }
  bool overrun() const { return overrun_; }

 private:
  uint32_t Take(size_t size) {
    if (bytes_.size() < size) {
      overrun_ = true;
      bytes_ = {};
      return 0;
    }
    uint32_t value = 0;
    for (size_t n = 0; n < size; ++n) value = (value << 8) | static_cast<uint8_t>(bytes_[n]);
    bytes_.remove_prefix(size);
    return value;
  }

  absl::string_view bytes_;
  bool overrun_ = false;
};

class Walk {
 public:
  Walk(absl::string_view codestream, int rows, int columns)
      : bytes_(codestream), rows_(static_cast<uint32_t>(rows)), columns_(static_cast<uint32_t>(columns)) {}

  absl::StatusOr<Jpeg2000Header> Run();

 private:
  size_t left() const { return bytes_.size() - at_; }
  uint32_t MarkerAt(size_t at) const {
    return (static_cast<uint32_t>(static_cast<uint8_t>(bytes_[at])) << 8) |
           static_cast<uint8_t>(bytes_[at + 1]);
  }

  absl::StatusOr<absl::string_view> TakeSegment();
  absl::Status ReadSize(Segment segment);
  absl::Status ReadCodingStyle(uint32_t marker, Segment segment);
  absl::Status ReadLevels(Segment& segment, bool own_precincts);
  absl::Status ReadSegments(uint32_t last, uint32_t also_last);
  absl::Status ReadTilePart();
  absl::Status CheckCost() const;

  const absl::string_view bytes_;
  const uint32_t rows_, columns_;
  size_t at_ = 0;
  Jpeg2000Header header_;
  uint64_t tiles_ = 0, tile_width_ = 0, tile_height_ = 0, parts_ = 0;
  std::bitset<kMaxJpeg2000Tiles> seen_;  // tiles that have a part
  // The greatest that any coding style asks for, of one tile.
  uint64_t layers_ = 0, precincts_ = 0, blocks_ = 0;
};

// After a marker: its length and its parameters.
absl::StatusOr<absl::string_view> Walk::TakeSegment() {
  if (left() < 2) return Damaged();
  const size_t length = MarkerAt(at_);
  if (length < 2 || length > left()) return Damaged();
  const absl::string_view parameters = bytes_.substr(at_ + 2, length - 2);
  at_ += length;
  return parameters;
}

absl::Status Walk::ReadSize(Segment segment) {
  segment.U16();  // Rsiz: which parts of the standard it needs
  const uint64_t x1 = segment.U32(), y1 = segment.U32(), x0 = segment.U32(), y0 = segment.U32();
  tile_width_ = segment.U32();
  tile_height_ = segment.U32();
  const uint64_t tile_x0 = segment.U32(), tile_y0 = segment.U32();
  if (segment.U16() != 1) {
    return absl::InvalidArgumentError("the JPEG 2000 image has not one component, as SamplesPerPixel says");
  }
  const uint32_t depth = segment.U8(), step_x = segment.U8(), step_y = segment.U8();
  if (segment.overrun() || segment.left() != 0) return Damaged();
  if (x1 < x0 || y1 < y0 || x1 - x0 != columns_ || y1 - y0 != rows_ || step_x != 1 || step_y != 1) {
    return absl::InvalidArgumentError(
        "the JPEG 2000 image does not have the Rows and Columns of its data set");
  }
  if (tile_width_ == 0 || tile_height_ == 0 || tile_x0 > x0 || tile_y0 > y0 || tile_x0 + tile_width_ <= x0 ||
      tile_y0 + tile_height_ <= y0) {
    return Damaged();
  }
  header_.precision = static_cast<int>(depth & 0x7F) + 1;
  header_.is_signed = (depth & 0x80) != 0;
  if (header_.precision > kMaxPrecision) {
    return InvalidArgument(Reason::kUnsupportedImage, "the JPEG 2000 image has more than 16 bits a sample");
  }
  tiles_ = CeilDivide(x1 - tile_x0, tile_width_) * CeilDivide(y1 - tile_y0, tile_height_);
  if (tiles_ > kMaxJpeg2000Tiles) return TooMany("tiles");
  tile_width_ = std::min<uint64_t>(tile_width_, columns_);
  tile_height_ = std::min<uint64_t>(tile_height_, rows_);
  return absl::OkStatus();
}

// SPcod or SPcoc: the levels, the code blocks and the precincts of each resolution (table A.15).
absl::Status Walk::ReadLevels(Segment& segment, bool own_precincts) {
  const uint32_t levels = segment.U8(), block_width = segment.U8() + 2, block_height = segment.U8() + 2;
  segment.U8();  // the style of the code blocks
  segment.U8();  // the wavelet
  if (levels > kMaxLevels || block_width > 10 || block_height > 10 || block_width + block_height > 12) {
    return Damaged();
  }
  uint64_t precincts = 0, blocks = 0;
  for (uint32_t resolution = 0; resolution <= levels; ++resolution) {
    const uint32_t size = own_precincts ? segment.U8() : 0xFF;
    const uint32_t log_width = size & 0xF, log_height = size >> 4;
    const uint32_t shift = levels - resolution;
    // One more where the tile's origin lies between two of them.
    const auto cells = [&](uint64_t extent, uint32_t log) { return ((extent >> shift) >> log) + 2; };
    precincts += cells(tile_width_, log_width) * cells(tile_height_, log_height);
    // Three bands of half the resolution's extent, or one of all of it; a block lies within a precinct.
    const uint32_t half = resolution > 0 ? 1 : 0;
    if (log_width < half || log_height < half) return Damaged();
    blocks += (half != 0 ? 3 : 1) * cells(tile_width_ >> half, std::min(block_width, log_width - half)) *
              cells(tile_height_ >> half, std::min(block_height, log_height - half));
  }
  precincts_ = std::max(precincts_, precincts);
  blocks_ = std::max(blocks_, blocks);
  return segment.overrun() ? Damaged() : absl::OkStatus();
}

absl::Status Walk::ReadCodingStyle(uint32_t marker, Segment segment) {
  if (marker == kCoc && segment.U8() != 0) return Damaged();  // of the only component
  const bool own_precincts = (segment.U8() & 1) != 0;
  if (marker == kCod) {
    segment.U8();  // the order of the packets
    layers_ = std::max<uint64_t>(layers_, segment.U16());
    segment.U8();  // the transformation of components
  }
  return ReadLevels(segment, own_precincts);
}

// All marker segments up to one of two markers, after which it stops.
absl::Status Walk::ReadSegments(uint32_t last, uint32_t also_last) {
  for (uint32_t count = 0; count < kMaxSegments; ++count) {
    if (left() < 2) return Damaged();
    const uint32_t marker = MarkerAt(at_);
    if (marker == last || marker == also_last) return absl::OkStatus();
    at_ += 2;
    const bool style = marker == kCod || marker == kCoc;
    if (!style && std::find(std::begin(kHarmless), std::end(kHarmless), marker) == std::end(kHarmless)) {
      return Damaged();
    }
    ASSIGN_OR_RETURN(const absl::string_view parameters, TakeSegment());
    if (style) RETURN_IF_ERROR(ReadCodingStyle(marker, Segment(parameters)));
  }
  return TooMany("marker segments");
}

absl::Status Walk::ReadTilePart() {
  const size_t start = at_;
  at_ += 2;
  ASSIGN_OR_RETURN(const absl::string_view parameters, TakeSegment());
  Segment segment(parameters);
  const uint32_t tile = segment.U16();
  const uint64_t length = segment.U32();
  segment.U16();  // which part of how many
  if (segment.overrun() || segment.left() != 0 || tile >= tiles_) return Damaged();
  if (++parts_ > kMaxParts * tiles_) return TooMany("tile-parts");
  seen_.set(tile);
  RETURN_IF_ERROR(ReadSegments(kSod, kSod));
  at_ += 2;
  if (length == 0) {  // the last one: up to the end of the codestream
    at_ = bytes_.size();
    return absl::OkStatus();
  }
  if (length < at_ - start || length > bytes_.size() - start) return Damaged();
  at_ = start + length;
  return absl::OkStatus();
}

absl::Status Walk::CheckCost() const {
  const uint64_t allowed = kFreeBlocks + uint64_t{rows_} * columns_ / kSamplesOfABlock;
  if (layers_ == 0 || seen_.count() != tiles_) return Damaged();  // no coding style, or a tile is missing
  if (layers_ * precincts_ > kMaxPackets) return TooMany("packets");
  if (tiles_ * (precincts_ + blocks_) > allowed) return TooMany("precincts and code blocks");
  return absl::OkStatus();
}

absl::StatusOr<Jpeg2000Header> Walk::Run() {
  if (left() < 4 || MarkerAt(0) != kSoc || MarkerAt(2) != kSiz) return Damaged();
  at_ = 4;
  ASSIGN_OR_RETURN(const absl::string_view size, TakeSegment());
  RETURN_IF_ERROR(ReadSize(Segment(size)));
  RETURN_IF_ERROR(ReadSegments(kSot, kSot));
  while (left() >= 2 && MarkerAt(at_) == kSot) RETURN_IF_ERROR(ReadTilePart());
  if (left() >= 2 && MarkerAt(at_) == kEoc) at_ += 2;
  RETURN_IF_ERROR(CheckCost());
  header_.codestream = bytes_.substr(0, at_);
  while (left() >= 4 && bytes_[at_] == 0) ++at_;  // padding
  if (left() >= 4 && MarkerAt(at_) == kSoc && MarkerAt(at_ + 2) == kSiz) {
    return absl::InvalidArgumentError(
        "another JPEG 2000 image follows it, and NumberOfFrames does not say so");
  }
  return header_;
}

// The first contiguous codestream of a JP2 file (ISO/IEC 15444-1 annex I); DICOM has no boxes, some writers
// do.
absl::StatusOr<absl::string_view> Unbox(absl::string_view frame) {
  constexpr absl::string_view kSignature("\0\0\0\x0CjP  ", 8);
  if (frame.substr(0, kSignature.size()) != kSignature) return frame;
  while (frame.size() >= 8) {
    Segment head(frame.substr(0, std::min<size_t>(frame.size(), 16)));
    uint64_t length = head.U32(), header = 8;
    head.U32();  // the type, compared below
    if (length == 1) {
      length = (uint64_t{head.U32()} << 32);
      length |= head.U32();
      header = 16;
    }
    if (length == 0) length = frame.size();  // up to the end
    if (head.overrun() || length < header || length > frame.size()) return Damaged();
    if (frame.substr(4, 4) == "jp2c") return frame.substr(header, length - header);
    frame.remove_prefix(length);
  }
  return Damaged();
}

}  // namespace

absl::StatusOr<Jpeg2000Header> ReadJpeg2000Header(absl::string_view frame, int rows, int columns) {
  ASSIGN_OR_RETURN(const absl::string_view codestream, Unbox(frame));
  return Walk(codestream, rows, columns).Run();
}

}  // namespace sgpsam
