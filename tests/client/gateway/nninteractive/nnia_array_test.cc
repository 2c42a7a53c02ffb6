#include "client/gateway/nninteractive/nnia_array.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/little_endian.h"
#include "core/base/random.h"

namespace sgpsam::gateway {
namespace {

constexpr uint64_t kRoom = uint64_t{1} << 20;

// 6 x 50 x 70 voxels of which every seventh is marked; one chunk, in which all lengths stand at known places.
const std::vector<uint64_t> kShape = {6, 50, 70};
constexpr size_t kHeadBytes = 8 + 5 + 3 * 8, kChunks = kHeadBytes, kUnpacked = kChunks + 4,
                 kPacked = kUnpacked + 8, kChunk = kPacked + 8;

std::string Voxels() {
  std::string voxels(6 * 50 * 70, '\0');
  for (size_t n = 0; n < voxels.size(); n += 7) voxels[n] = 1;
  return voxels;
}

std::string Packed() { return *PackNnia(Voxels(), kShape); }

std::string With(size_t at, absl::string_view bytes) {
  std::string packed = Packed();
  packed.replace(at, bytes.size(), bytes.data(), bytes.size());
  return packed;
}

TEST(NniaArray, ComesBackAsItWent) {
  const auto array = UnpackNnia(Packed(), Voxels().size());
  ASSERT_TRUE(array.ok()) << array.status();
  EXPECT_EQ(array->head.dtype, "uint8");
  EXPECT_EQ(array->head.shape, kShape);
  EXPECT_EQ(array->samples, Voxels());
  EXPECT_LT(Packed().size(), Voxels().size() / 10);
}

TEST(NniaArray, ComesBackWhateverItsSize) {
  for (const uint64_t size : {1, 2, 31, 32, 33, 1000, 70000}) {
    for (const char value : {'\0', '\1'}) {
      const std::string voxels(size, value);
      const auto array = UnpackNnia(*PackNnia(voxels, {1, 1, size}), size);
      ASSERT_TRUE(array.ok()) << array.status();
      EXPECT_EQ(array->samples, voxels);
    }
  }
}

TEST(NniaArray, IsMeasuredBeforeItIsUnpacked) {
  EXPECT_TRUE(ReadNniaHead(Packed(), 21000).ok());
  EXPECT_FALSE(ReadNniaHead(Packed(), 20999).ok());
  EXPECT_FALSE(UnpackNnia(Packed(), 20999).ok());
}

// Neither the sizes nor their product may be believed: a terabyte announced in 60 bytes is refused for the
// bytes' sake.
TEST(NniaArray, IsRefusedIfItsShapeIsNotPossible) {
  for (const uint64_t size :
       {uint64_t{0}, uint64_t{7}, uint64_t{1} << 32, uint64_t{1} << 62, uint64_t{1} << 63, UINT64_MAX}) {
    for (size_t axis = 0; axis < 3; ++axis) {
      EXPECT_FALSE(UnpackNnia(With(13 + 8 * axis, LittleEndian(size, 8)), kRoom).ok()) << axis << " " << size;
    }
  }
  const std::string huge = LittleEndian(uint64_t{1} << 32, 8);
  EXPECT_FALSE(UnpackNnia(With(13, absl::StrCat(huge, huge, huge)), kRoom).ok());
  EXPECT_FALSE(UnpackNnia(With(13, absl::StrCat(huge, huge, huge)), UINT64_MAX).ok());
}

struct Damage {
  const char* what;
  size_t at;
  std::string bytes;
};

class DamagedArray : public ::testing::TestWithParam<Damage> {};

TEST_P(DamagedArray, IsRefused) {
  const absl::Status status = UnpackNnia(With(GetParam().at, GetParam().bytes), kRoom).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << GetParam().what;
}

INSTANTIATE_TEST_SUITE_P(
    Head, DamagedArray,
    ::testing::Values(Damage{"magic", 0, "NNIB"}, Damage{"version", 4, "\2"}, Damage{"codec", 5, "\3"},
                      Damage{"codec", 5, std::string(1, '\0')}, Damage{"no axes", 6, std::string(1, '\0')},
                      Damage{"axes", 6, "\5"}, Damage{"axes", 6, "\xff"}, Damage{"name's length", 7, "\4"},
                      Damage{"name's length", 7, "\xff"}, Damage{"name", 8, "uint9"},
                      Damage{"name", 8, "int16"}, Damage{"name", 8, std::string(5, '\0')}));

INSTANTIATE_TEST_SUITE_P(Lengths, DamagedArray,
                         ::testing::Values(Damage{"no chunks", kChunks, LittleEndian(0, 4)},
                                           Damage{"two chunks", kChunks, LittleEndian(2, 4)},
                                           Damage{"chunks", kChunks, LittleEndian(UINT32_MAX, 4)},
                                           Damage{"unpacked", kUnpacked, LittleEndian(0, 8)},
                                           Damage{"unpacked", kUnpacked, LittleEndian(20999, 8)},
                                           Damage{"unpacked", kUnpacked, LittleEndian(21001, 8)},
                                           Damage{"unpacked", kUnpacked, LittleEndian(UINT64_MAX, 8)},
                                           Damage{"packed", kPacked, LittleEndian(0, 8)},
                                           Damage{"packed", kPacked, LittleEndian(31, 8)},
                                           Damage{"packed", kPacked, LittleEndian(100000, 8)},
                                           Damage{"packed", kPacked, LittleEndian(UINT64_MAX, 8)}));

// What C-Blosc2's own head says, and what of its kinds is not let in.
INSTANTIATE_TEST_SUITE_P(
    Chunk, DamagedArray,
    ::testing::Values(Damage{"Blosc 1", kChunk, "\2"}, Damage{"a version to come", kChunk, "\6"},
                      Damage{"a short head", kChunk + 2, std::string(1, '\x81')},
                      Damage{"a codec of a plug-in", kChunk + 2, "\xd5"}, Damage{"zlib", kChunk + 2, "\x75"},
                      Damage{"blosclz", kChunk + 2, "\x15"}, Damage{"delta", kChunk + 2, "\x9d"},
                      Damage{"type", kChunk + 3, std::string(1, '\0')},
                      Damage{"bytes", kChunk + 4, LittleEndian(20999, 4)},
                      Damage{"bytes", kChunk + 4, LittleEndian(UINT32_MAX, 4)},
                      Damage{"block", kChunk + 8, LittleEndian(0, 4)},
                      Damage{"block", kChunk + 8, LittleEndian(21001, 4)},
                      Damage{"block", kChunk + 8, LittleEndian(UINT32_MAX, 4)},
                      Damage{"packed", kChunk + 12, LittleEndian(32, 4)},
                      Damage{"packed", kChunk + 12, LittleEndian(UINT32_MAX, 4)},
                      Damage{"filter", kChunk + 16, "\3"}, Damage{"filter of a plug-in", kChunk + 21, "\xa0"},
                      Damage{"blocks of several lengths", kChunk + 30, "\1"},
                      Damage{"dictionary", kChunk + 31, "\1"}, Damage{"big endian", kChunk + 31, "\2"},
                      Damage{"lazy", kChunk + 31, "\x8"}, Damage{"not initialised", kChunk + 31, "\x40"},
                      Damage{"unknown", kChunk + 31, "\x70"}, Damage{"instrumented", kChunk + 31, "\x80"}));

TEST(NniaArray, IsRefusedWhereverItIsCut) {
  const std::string packed = Packed();
  for (size_t size = 0; size < packed.size(); ++size) {
    EXPECT_FALSE(UnpackNnia(absl::string_view(packed).substr(0, size), kRoom).ok()) << size;
  }
  EXPECT_FALSE(UnpackNnia(packed + "x", kRoom).ok());
}

// What is not noticed has the size that was announced.
TEST(NniaArray, SurvivesDamageOfEveryKind) {
  const std::string packed = Packed();
  Random random(1);
  int refused = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string damaged = packed;
    for (uint64_t n = 1 + random.Below(4); n > 0; --n) {
      damaged[random.Below(damaged.size())] = static_cast<char>(random.Below(256));
    }
    const auto array = UnpackNnia(damaged, kRoom);
    refused += array.ok() ? 0 : 1;
    ASSERT_EQ(array.ok() ? array->samples.size() : 0, array.ok() ? array->head.size_bytes : 0);
  }
  EXPECT_GT(refused, 10000);
}

}  // namespace
}  // namespace sgpsam::gateway
