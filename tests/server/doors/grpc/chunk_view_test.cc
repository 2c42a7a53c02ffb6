#include "server/doors/grpc/chunk_view.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "sgpsam/v1/segmentation.pb.h"

namespace sgpsam {
namespace {

// `bytes` as gRPC might have received them, in slices of `slice_bytes`.
grpc::ByteBuffer Received(const std::string& bytes, size_t slice_bytes) {
  std::vector<grpc::Slice> slices;
  for (size_t at = 0; at < bytes.size(); at += slice_bytes) {
    slices.emplace_back(bytes.substr(at, slice_bytes));
  }
  return grpc::ByteBuffer(slices.data(), slices.size());
}

std::string ChunkMessage(const std::string& data) {
  v1::SegmentRequest message;
  message.mutable_chunk()->set_data(data);
  return message.SerializeAsString();
}

TEST(ViewChunk, GivesTheDataHoweverItsMessageIsCut) {
  for (const size_t size : {1, 2, 120, 127, 128, 130, 5000, 20000}) {
    std::string data(size, '\0');
    for (size_t n = 0; n < size; ++n) data[n] = static_cast<char>(n * 31);
    const std::string bytes = ChunkMessage(data);
    for (const size_t slice : {size_t{1}, size_t{3}, size_t{7}, size_t{4096}, bytes.size()}) {
      const auto view = ViewChunk(Received(bytes, slice));
      ASSERT_TRUE(view) << size << " in slices of " << slice;
      EXPECT_EQ(view->size, size);
      EXPECT_EQ(absl::StrJoin(view->pieces, ""), data);
    }
  }
}

TEST(ViewChunk, GivesAnEmptyChunkNoPieces) {
  v1::SegmentRequest message;
  message.mutable_chunk()->set_data("");
  const auto plain = ViewChunk(Received(message.SerializeAsString(), 16));
  EXPECT_TRUE(!plain || plain->size == 0);
  const auto explicit_length = ViewChunk(Received(std::string("\x12\x02\x0a\x00", 4), 16));
  ASSERT_TRUE(explicit_length);
  EXPECT_TRUE(explicit_length->pieces.empty());
}

TEST(ViewChunk, LeavesEveryOtherMessageToTheParser) {
  v1::SegmentRequest header, logits;
  header.mutable_header()->set_idempotency_key("key");
  logits.mutable_logits()->set_samples("1234");
  const std::string chunk = ChunkMessage("data");
  for (const std::string& bytes :
       {std::string(), header.SerializeAsString(), logits.SerializeAsString(), chunk + chunk,
        absl::StrCat(chunk, header.SerializeAsString()), chunk.substr(0, chunk.size() - 1), chunk + "x",
        std::string("\x12"), std::string("\x12\xff\xff\xff\xff\xff\xff", 7),
        std::string("\x12\x06\x0a\x02"
                    "ab"
                    "\x0a\x00",
                    8),                                         // data given twice
        std::string("\x12\x06\x0a\xff\xff\xff\xff\x0f", 8)}) {  // data of 4 GiB
    EXPECT_FALSE(ViewChunk(Received(bytes, 5)));
  }
}

}  // namespace
}  // namespace sgpsam
