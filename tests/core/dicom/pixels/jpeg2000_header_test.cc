#include "core/dicom/pixels/jpeg2000_header.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/support/dicom_encoder.h"

namespace sgpsam {
namespace {

using ::testing::HasSubstr;

std::string Big16(uint32_t value) { return {static_cast<char>(value >> 8), static_cast<char>(value & 0xFF)}; }
std::string Big32(uint32_t value) { return Big16(value >> 16) + Big16(value & 0xFFFF); }
std::string Byte(uint32_t value) { return std::string(1, static_cast<char>(value)); }

std::string Segment(uint32_t marker, const std::string& parameters) {
  return Big16(marker) + Big16(static_cast<uint32_t>(parameters.size()) + 2) + parameters;
}

// A codestream of which only the headers are sound. What is not named is an ordinary image of 48 x 64.
struct Headers {
  uint32_t columns = 64, rows = 48, tile_width = 64, tile_height = 48;
  uint32_t components = 1, depth = 11, step = 1;
  uint32_t layers = 1, levels = 2, block_width = 4, block_height = 4;
  std::string precincts = {};     // one byte a resolution, or none
  std::string more = {};          // segments of the main header
  uint32_t tiles = 1, parts = 1;  // that are there

  std::string Style() const {
    return Byte(levels) + Byte(block_width) + Byte(block_height) + Byte(0) + Byte(1) + precincts;
  }

  std::string Bytes() const {
    std::string size = Big16(0) + Big32(columns) + Big32(rows) + Big32(0) + Big32(0) + Big32(tile_width) +
                       Big32(tile_height) + Big32(0) + Big32(0) + Big16(components);
    for (uint32_t n = 0; n < components; ++n) size += Byte(depth) + Byte(step) + Byte(step);
    std::string stream = Big16(0xFF4F) + Segment(0xFF51, size);
    stream += Segment(0xFF52, Byte(precincts.empty() ? 0 : 1) + Byte(0) + Big16(layers) + Byte(0) + Style());
    stream += Segment(0xFF5C, Byte(0x40) + std::string(3 * levels + 1, 'q')) + more;
    for (uint32_t part = 0; part < parts; ++part) {
      for (uint32_t tile = 0; tile < tiles; ++tile) {
        stream += Segment(0xFF90, Big16(tile) + Big32(14 + 3) + Big16(part << 8)) + Big16(0xFF93) + "abc";
      }
    }
    return stream + Big16(0xFFD9);
  }
};

absl::StatusOr<Jpeg2000Header> Read(const std::string& stream, int rows = 48, int columns = 64) {
  return ReadJpeg2000Header(stream, rows, columns);
}

void ExpectRefused(const Headers& headers, const std::string& why) {
  const absl::StatusOr<Jpeg2000Header> header =
      Read(headers.Bytes(), static_cast<int>(headers.rows), static_cast<int>(headers.columns));
  ASSERT_FALSE(header.ok()) << why;
  EXPECT_EQ(header.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(header.status().message()), HasSubstr(why));
}

TEST(Jpeg2000Header, ReadsPrecisionAndSign) {
  for (const uint32_t depth : {7u, 11u, 0x8Fu}) {
    const std::string stream = Headers{.depth = depth}.Bytes();
    const std::string longer = stream + "more";
    const absl::StatusOr<Jpeg2000Header> header = Read(longer);
    ASSERT_TRUE(header.ok()) << header.status();
    EXPECT_EQ(header->precision, static_cast<int>(depth & 0x7F) + 1);
    EXPECT_EQ(header->is_signed, depth > 0x7F);
    EXPECT_EQ(header->codestream, stream);
  }
  ExpectRefused({.depth = 16}, "more than 16 bits");
}

TEST(Jpeg2000Header, AgreesWithAnEncoder) {
  const std::vector<int> values(64 * 48, 5);
  for (const bool is_signed : {false, true}) {
    const std::string stream = testing::EncodeJpeg2000({64, 48, 13, is_signed, values.data()});
    const absl::StatusOr<Jpeg2000Header> header = Read(stream);
    ASSERT_TRUE(header.ok()) << header.status();
    EXPECT_EQ(header->precision, 13);
    EXPECT_EQ(header->is_signed, is_signed);
    EXPECT_EQ(header->codestream, stream);
    for (size_t size = 0; size + 2 < stream.size(); ++size) EXPECT_FALSE(Read(stream.substr(0, size)).ok());
  }
}

TEST(Jpeg2000Header, RefusesASecondImageBehindTheFirst) {
  const std::string stream = Headers().Bytes();
  for (const std::string& both : {stream + stream, stream + std::string(3, '\0') + stream}) {
    EXPECT_THAT(std::string(Read(both).status().message()), HasSubstr("NumberOfFrames"));
  }
}

TEST(Jpeg2000Header, TakesTheCodestreamOutOfItsBoxes) {
  const std::string stream = Headers().Bytes();
  const std::string signature = Big32(12) + "jP  \r\n\x87\n",
                    type = Big32(20) + "ftypjp2 " + Big32(0) + "jp2 ";
  const uint32_t size = static_cast<uint32_t>(stream.size());
  for (const std::string& box : {Big32(size + 8) + "jp2c", Big32(0) + std::string("jp2c"),
                                 Big32(1) + "jp2c" + Big32(0) + Big32(size + 16)}) {
    const std::string file = signature + type + box + stream;
    const absl::StatusOr<Jpeg2000Header> header = Read(file);
    ASSERT_TRUE(header.ok()) << header.status();
    EXPECT_EQ(header->codestream, stream);
  }
  EXPECT_FALSE(Read(signature + type).ok());
  EXPECT_FALSE(Read(signature + Big32(7) + "jp2c" + stream).ok());
}

TEST(Jpeg2000Header, ComparesTheImageWithItsDataSet) {
  EXPECT_THAT(std::string(Read(Headers().Bytes(), 47, 64).status().message()), HasSubstr("Rows and Columns"));
  EXPECT_THAT(std::string(Read(Headers().Bytes(), 48, 65).status().message()), HasSubstr("Rows and Columns"));
  ExpectRefused({.step = 2}, "Rows and Columns");
  ExpectRefused({.components = 3}, "one component");
  ExpectRefused({.components = 0}, "one component");
}

// 50 kB that would make OpenJPEG allocate 3.8 GB.
TEST(Jpeg2000Header, RefusesComponentsTimesTilesBeforeACodecAllocatesThem) {
  ExpectRefused({.columns = 256, .rows = 256, .tile_width = 17, .tile_height = 17, .components = 16384},
                "one component");
}

TEST(Jpeg2000Header, BoundsTiles) {
  const Headers most{.columns = 512, .rows = 512, .tile_width = 16, .tile_height = 16, .tiles = 1024};
  EXPECT_TRUE(Read(most.Bytes(), 512, 512).ok());
  ExpectRefused({.columns = 512, .rows = 512, .tile_width = 15, .tile_height = 16, .tiles = 1024},
                "more tiles");
  ExpectRefused({.tile_width = 0}, "damaged");
  ExpectRefused({.tile_width = 32, .tiles = 1}, "damaged");  // the other one is missing
  ExpectRefused({.tiles = 2}, "damaged");                    // there is only one
  ExpectRefused({.parts = 256}, "more tile-parts");
}

TEST(Jpeg2000Header, BoundsPacketsPrecinctsAndCodeBlocks) {
  EXPECT_TRUE(Read(Headers{.layers = 1000}.Bytes()).ok());
  ExpectRefused({.layers = 65535, .precincts = std::string(3, '\x33')}, "more packets");
  ExpectRefused({.layers = 0}, "damaged");
  ExpectRefused({.levels = 33}, "damaged");
  ExpectRefused({.block_width = 9}, "damaged");
  // Blocks of 4 x 4 are for small images; precincts of one sample for none.
  const Headers small{.columns = 512,
                      .rows = 512,
                      .tile_width = 512,
                      .tile_height = 512,
                      .block_width = 0,
                      .block_height = 0};
  EXPECT_TRUE(Read(small.Bytes(), 512, 512).ok());
  const Headers large{.columns = 8192,
                      .rows = 8192,
                      .tile_width = 8192,
                      .tile_height = 8192,
                      .block_width = 0,
                      .block_height = 0};
  ExpectRefused(large, "precincts and code blocks");
  Headers precincts = small;
  precincts.block_width = precincts.block_height = 4;
  precincts.precincts = std::string(3, '\x11');
  ExpectRefused(precincts, "precincts and code blocks");
  precincts.precincts = std::string(3, '\0');
  ExpectRefused(precincts, "damaged");
  precincts.precincts = "\x88";  // one resolution's instead of three's
  ExpectRefused(precincts, "damaged");
}

TEST(Jpeg2000Header, LooksAtEveryCodingStyle) {
  const Headers deep{.levels = 33};
  ExpectRefused({.more = Segment(0xFF53, Byte(0) + Byte(0) + deep.Style())}, "damaged");
  ExpectRefused({.more = Segment(0xFF53, Byte(1) + Byte(0) + Headers().Style())},
                "damaged");  // of another component
  const std::string layers = Byte(0) + Byte(0) + Big16(65535) + Byte(0) + Headers().Style();
  ExpectRefused({.precincts = std::string(3, '\x33'), .more = Segment(0xFF52, layers)}, "more packets");
}

TEST(Jpeg2000Header, RefusesWhatOneComponentHasNoUseFor) {
  ExpectRefused({.more = Segment(0xFF74, "array of a multiple component transformation")}, "damaged");
  ExpectRefused({.more = Segment(0xFF51, std::string(39, '\0'))}, "damaged");  // a second SIZ
  std::string comments;
  for (int n = 0; n < 1100; ++n) comments += Segment(0xFF64, "no");
  ExpectRefused({.more = comments}, "more marker segments");
}

}  // namespace
}  // namespace sgpsam
