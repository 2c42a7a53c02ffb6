// The payload of a SegmentRequest that is a chunk and nothing else, seen where gRPC received it: protobuf's
// parser would copy every byte of an upload once more. Used by SegmentCall; plain values, no state.
#ifndef SGPSAM_SERVER_DOORS_GRPC_CHUNK_VIEW_H_
#define SGPSAM_SERVER_DOORS_GRPC_CHUNK_VIEW_H_

#include <grpcpp/support/byte_buffer.h>

#include <optional>
#include <vector>

#include "absl/strings/string_view.h"

namespace sgpsam {

struct ChunkView {
  std::vector<grpc::Slice> slices;        // keep the bytes alive
  std::vector<absl::string_view> pieces;  // PayloadChunk.data, in order; none is empty
  size_t size = 0;                        // bytes in all pieces
};

// nullopt for every other message, and for a chunk that no protobuf library writes like this (unknown or
// repeated fields): protobuf's own parser has the last word on those.
std::optional<ChunkView> ViewChunk(const grpc::ByteBuffer& message);

}  // namespace sgpsam

#endif  // SGPSAM_SERVER_DOORS_GRPC_CHUNK_VIEW_H_
