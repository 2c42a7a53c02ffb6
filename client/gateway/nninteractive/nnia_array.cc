#include "client/gateway/nninteractive/nnia_array.h"

#include <blosc2.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/little_endian.h"
#include "core/base/status_macros.h"

namespace sgpsam::gateway {
namespace {

constexpr absl::string_view kMagic = "NNIA";
constexpr uint8_t kVersion = 1, kZstd = 1, kLz4 = 2;
constexpr size_t kMaxAxes = 4;
constexpr uint64_t kMaxChunkBytes = uint64_t{1} << 30;  // the clients' own bound; C-Blosc2 counts in 31 bits
constexpr uint64_t kMaxBlockBytes = uint64_t{1}
                                    << 26;  // C-Blosc2 allocates a few of them; clients' have up to 1 MiB
constexpr size_t kFirstBytes = 8, kChunkLengthBytes = 16, kChunkHeadBytes = BLOSC_EXTENDED_HEADER_LENGTH;

struct SampleName {
  absl::string_view name;
  size_t bytes;
};
constexpr SampleName kSampleNames[] = {{"bool", 1},   {"int8", 1},    {"uint8", 1},  {"int16", 2},
                                       {"uint16", 2}, {"int32", 4},   {"uint32", 4}, {"int64", 8},
                                       {"uint64", 8}, {"float32", 4}, {"float64", 8}};

absl::Status Damaged(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("the array is damaged: ", what));
}

// Takes bytes from the front, as long as there are so many.
class Reader {
 public:
  explicit Reader(absl::string_view bytes) : rest_(bytes) {}

  absl::StatusOr<absl::string_view> Take(uint64_t bytes) {
    if (bytes > rest_.size()) return Damaged("it ends too early");
    const absl::string_view taken = rest_.substr(0, bytes);
    rest_.remove_prefix(bytes);
    return taken;
  }
  absl::StatusOr<uint64_t> TakeNumber(size_t bytes) {
    ASSIGN_OR_RETURN(const absl::string_view taken, Take(bytes));
    return FromLittleEndian(taken);
  }
  bool at_end() const { return rest_.empty(); }

 private:
  absl::string_view rest_;
};

absl::StatusOr<std::string> ReadName(Reader& reader, size_t& axes) {
  ASSIGN_OR_RETURN(const absl::string_view first, reader.Take(kFirstBytes));
  if (first.substr(0, kMagic.size()) != kMagic)
    return absl::InvalidArgumentError("the body is no NNIA array");
  if (static_cast<uint8_t>(first[4]) != kVersion) return Damaged("its version is not 1");
  const auto codec = static_cast<uint8_t>(first[5]);
  if (codec != kZstd && codec != kLz4) return Damaged("its codec is neither zstd nor lz4");
  axes = static_cast<uint8_t>(first[6]);
  if (axes < 1 || axes > kMaxAxes) return absl::InvalidArgumentError("an array has 1 to 4 axes");
  ASSIGN_OR_RETURN(const absl::string_view name, reader.Take(static_cast<uint8_t>(first[7])));
  return std::string(name);
}

absl::StatusOr<NniaHead> ReadHead(Reader& reader, uint64_t max_bytes) {
  NniaHead head;
  size_t axes = 0;
  ASSIGN_OR_RETURN(head.dtype, ReadName(reader, axes));
  const auto* sample = std::find_if(std::begin(kSampleNames), std::end(kSampleNames),
                                    [&](const SampleName& known) { return known.name == head.dtype; });
  if (sample == std::end(kSampleNames)) {
    return absl::InvalidArgumentError(
        "samples of this type are not taken; convert them to bool, an integer, float32 or float64");
  }
  head.sample_bytes = sample->bytes;
  head.size_bytes = sample->bytes;
  for (size_t axis = 0; axis < axes; ++axis) {
    ASSIGN_OR_RETURN(const uint64_t size, reader.TakeNumber(8));
    if (size == 0 || size > static_cast<uint64_t>(INT64_MAX)) return Damaged("an axis has no voxels");
    if (size > max_bytes / head.size_bytes) {
      return absl::InvalidArgumentError(
          absl::StrCat("the array is larger than the ", max_bytes, " bytes that are taken"));
    }
    head.shape.push_back(size);
    head.size_bytes *= size;
  }
  return head;
}

// What of C-Blosc2's format is let in; its head is described in its README_CHUNK_FORMAT.
absl::Status CheckChunk(absl::string_view chunk, uint64_t bytes) {
  if (bytes < 1 || bytes > kMaxChunkBytes || chunk.size() < kChunkHeadBytes)
    return Damaged("a chunk's size is not possible");
  const auto* at = reinterpret_cast<const uint8_t*>(chunk.data());
  const uint8_t flags = at[BLOSC2_CHUNK_FLAGS], special = at[BLOSC2_CHUNK_BLOSC2_FLAGS] >> 4;
  const bool extended = (flags & BLOSC_DOSHUFFLE) != 0 && (flags & BLOSC_DOBITSHUFFLE) != 0;
  const bool copied = (flags & BLOSC_MEMCPYED) != 0, delta = (flags & BLOSC_DODELTA) != 0;
  const int codec = flags >> 5;
  if (at[BLOSC2_CHUNK_VERSION] != BLOSC2_VERSION_FORMAT_STABLE || !extended || delta)
    return Damaged("a chunk is no Blosc2 chunk");
  if (codec != BLOSC_ZSTD_FORMAT && codec != BLOSC_LZ4_FORMAT && !(copied && codec == BLOSC_BLOSCLZ_FORMAT)) {
    return Damaged("a chunk's codec is neither zstd nor lz4");
  }
  for (int n = 0; n < BLOSC2_MAX_FILTERS; ++n) {
    if (at[BLOSC2_CHUNK_FILTER_CODES + n] > BLOSC_BITSHUFFLE)
      return Damaged("a chunk has a filter that is not taken");
  }
  if (at[BLOSC2_CHUNK_BLOSC2_FLAGS2] != 0 || (at[BLOSC2_CHUNK_BLOSC2_FLAGS] & 0xF) != 0 ||
      special > BLOSC2_SPECIAL_VALUE) {
    return Damaged("a chunk is of a kind that is not taken");
  }
  const uint64_t block = FromLittleEndian(at + BLOSC2_CHUNK_BLOCKSIZE, 4);
  if (FromLittleEndian(at + BLOSC2_CHUNK_NBYTES, 4) != bytes ||
      FromLittleEndian(at + BLOSC2_CHUNK_CBYTES, 4) != chunk.size() || at[BLOSC2_CHUNK_TYPESIZE] == 0 ||
      block == 0 || block > std::min(bytes, kMaxBlockBytes)) {
    return Damaged("a chunk's lengths contradict each other");
  }
  return absl::OkStatus();
}

struct Chunk {
  absl::string_view packed;
  uint64_t bytes = 0;  // unpacked
};

absl::StatusOr<std::vector<Chunk>> ReadChunks(Reader& reader, const NniaHead& head) {
  std::vector<Chunk> chunks;
  ASSIGN_OR_RETURN(const uint64_t count, reader.TakeNumber(4));
  uint64_t left = head.size_bytes;
  for (uint64_t n = 0; n < count; ++n) {
    ASSIGN_OR_RETURN(const absl::string_view lengths, reader.Take(kChunkLengthBytes));
    const uint64_t bytes = FromLittleEndian(lengths.substr(0, 8));
    ASSIGN_OR_RETURN(const absl::string_view packed, reader.Take(FromLittleEndian(lengths.substr(8))));
    if (bytes > left) return Damaged("its chunks hold more than its shape");
    RETURN_IF_ERROR(CheckChunk(packed, bytes));
    chunks.push_back({packed, bytes});
    left -= bytes;
  }
  if (left != 0) return Damaged("its chunks hold less than its shape");
  if (!reader.at_end()) return Damaged("it goes on after its last chunk");
  return chunks;
}

// C-Blosc2 wants to be told once that it is used.
void BeginBlosc2() {
  static const bool begun = (blosc2_init(), true);
  static_cast<void>(begun);
}

using Context = std::unique_ptr<blosc2_context, void (*)(blosc2_context*)>;

}  // namespace

absl::StatusOr<NniaHead> ReadNniaHead(absl::string_view packed, uint64_t max_bytes) {
  Reader reader(packed);
  ASSIGN_OR_RETURN(NniaHead head, ReadHead(reader, max_bytes));
  RETURN_IF_ERROR(ReadChunks(reader, head).status());
  return head;
}

absl::StatusOr<NniaArray> UnpackNnia(absl::string_view packed, uint64_t max_bytes) {
  Reader reader(packed);
  NniaArray array;
  ASSIGN_OR_RETURN(array.head, ReadHead(reader, max_bytes));
  ASSIGN_OR_RETURN(const std::vector<Chunk> chunks, ReadChunks(reader, array.head));
  BeginBlosc2();
  const Context context(blosc2_create_dctx(BLOSC2_DPARAMS_DEFAULTS), blosc2_free_ctx);
  if (context == nullptr) return absl::ResourceExhaustedError("not enough memory to unpack the array");
  array.samples.resize(array.head.size_bytes);
  uint64_t done = 0;
  for (const Chunk& chunk : chunks) {
    const int got =
        blosc2_decompress_ctx(context.get(), chunk.packed.data(), static_cast<int32_t>(chunk.packed.size()),
                              array.samples.data() + done, static_cast<int32_t>(chunk.bytes));
    if (got < 0 || static_cast<uint64_t>(got) != chunk.bytes) return Damaged("a chunk cannot be unpacked");
    done += chunk.bytes;
  }
  return array;
}

absl::StatusOr<std::string> PackNnia(absl::string_view voxels, const std::vector<uint64_t>& shape) {
  BeginBlosc2();
  blosc2_cparams parameters = BLOSC2_CPARAMS_DEFAULTS;
  parameters.compcode = BLOSC_ZSTD;
  parameters.clevel = 3;
  parameters.typesize = 1;
  std::fill(std::begin(parameters.filters), std::end(parameters.filters), uint8_t{BLOSC_NOFILTER});
  const Context context(blosc2_create_cctx(parameters), blosc2_free_ctx);
  if (context == nullptr) return absl::InternalError("the mask cannot be packed");
  const uint64_t chunks = (voxels.size() + kMaxChunkBytes - 1) / kMaxChunkBytes;
  const absl::string_view dtype = "uint8";
  std::string packed = absl::StrCat(kMagic, LittleEndian(kVersion, 1), LittleEndian(kZstd, 1),
                                    LittleEndian(shape.size(), 1), LittleEndian(dtype.size(), 1), dtype);
  for (const uint64_t size : shape) packed += LittleEndian(size, 8);
  packed += LittleEndian(chunks, 4);
  for (uint64_t n = 0; n < chunks; ++n) {
    const absl::string_view part = voxels.substr(n * kMaxChunkBytes, kMaxChunkBytes);
    std::string chunk(part.size() + BLOSC2_MAX_OVERHEAD, '\0');
    const int size = blosc2_compress_ctx(context.get(), part.data(), static_cast<int32_t>(part.size()),
                                         chunk.data(), static_cast<int32_t>(chunk.size()));
    if (size <= 0) return absl::InternalError("the mask cannot be packed");
    absl::StrAppend(&packed, LittleEndian(part.size(), 8), LittleEndian(size, 8),
                    absl::string_view(chunk).substr(0, size));
  }
  return packed;
}

}  // namespace sgpsam::gateway
