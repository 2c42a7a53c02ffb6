#include "server/doors/grpc/chunk_view.h"

#include <google/protobuf/io/coded_stream.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "sgpsam/v1/segmentation.pb.h"

namespace sgpsam {
namespace {

// Tag and length of SegmentRequest.chunk, then of PayloadChunk.data.
constexpr size_t kMaxPrefixBytes = 2 * (1 + 5);
constexpr uint32_t kLengthDelimited = 2;
constexpr uint32_t kChunkTag = v1::SegmentRequest::kChunkFieldNumber << 3 | kLengthDelimited;
constexpr uint32_t kDataTag = v1::PayloadChunk::kDataFieldNumber << 3 | kLengthDelimited;

// How many bytes stand before the data of a chunk that fills its message; nullopt if it is something else.
std::optional<size_t> PrefixBytes(const std::vector<grpc::Slice>& slices, size_t message_bytes) {
  std::array<uint8_t, kMaxPrefixBytes> prefix;
  size_t filled = 0;
  for (const grpc::Slice& slice : slices) {
    const size_t size = std::min(slice.size(), prefix.size() - filled);
    std::copy_n(slice.begin(), size, prefix.begin() + filled);
    filled += size;
  }
  google::protobuf::io::CodedInputStream input(prefix.data(), static_cast<int>(filled));
  uint32_t chunk_bytes = 0, data_bytes = 0;
  if (input.ReadTag() != kChunkTag || !input.ReadVarint32(&chunk_bytes)) return std::nullopt;
  const auto chunk_begin = static_cast<size_t>(input.CurrentPosition());
  if (input.ReadTag() != kDataTag || !input.ReadVarint32(&data_bytes)) return std::nullopt;
  const auto data_begin = static_cast<size_t>(input.CurrentPosition());
  if (chunk_begin + chunk_bytes != message_bytes || data_begin + data_bytes != message_bytes) {
    return std::nullopt;
  }
  return data_begin;
}

}  // namespace

std::optional<ChunkView> ViewChunk(const grpc::ByteBuffer& message) {
  ChunkView view;
  if (!message.Dump(&view.slices).ok()) return std::nullopt;
  const std::optional<size_t> prefix = PrefixBytes(view.slices, message.Length());
  if (!prefix) return std::nullopt;
  size_t skip = *prefix;
  for (const grpc::Slice& slice : view.slices) {
    const size_t skipped = std::min(skip, slice.size());
    skip -= skipped;
    if (skipped == slice.size()) continue;
    view.pieces.emplace_back(reinterpret_cast<const char*>(slice.begin()) + skipped, slice.size() - skipped);
    view.size += view.pieces.back().size();
  }
  return view;
}

}  // namespace sgpsam
