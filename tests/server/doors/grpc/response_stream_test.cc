#include "server/doors/grpc/response_stream.h"

#include <gtest/gtest.h>

#include "server/doors/grpc/contract_limits.h"

namespace sgpsam {
namespace {

v1::SegmentResponse Progress(v1::Stage stage) {
  v1::SegmentResponse message;
  message.mutable_progress()->set_stage(stage);
  return message;
}

std::vector<Output> Outputs(std::vector<std::string> texts) {
  std::vector<Output> outputs;
  for (std::string& text : texts) outputs.push_back({OutputKind::kMask, 0, "text/plain", std::move(text)});
  return outputs;
}

TEST(ResponseStream, KeepsOnlyTheNewestProgressThatWaits) {
  ResponseStream stream;
  for (int stage = 1; stage <= 8; ++stage) stream.Push(Progress(static_cast<v1::Stage>(stage)));
  v1::SegmentResponse message;
  ASSERT_TRUE(stream.Next(message));
  EXPECT_EQ(message.progress().stage(), v1::STAGE_WRITE);
  EXPECT_FALSE(stream.Next(message));
}

TEST(ResponseStream, SendsTheResultThenEveryOutputInChunks) {
  ResponseStream stream;
  stream.PushResult({}, Outputs({std::string(2 * kMaxChunkBytes + 1, 'a'), "", "b"}));
  v1::SegmentResponse message;
  ASSERT_TRUE(stream.Next(message));
  EXPECT_TRUE(message.has_result());
  std::vector<std::string> received(3);
  while (stream.Next(message)) {
    EXPECT_LE(message.output().data().size(), kMaxChunkBytes);
    EXPECT_GE(message.output().data().size(), 1u);
    received[message.output().output_index()] += message.output().data();
  }
  EXPECT_EQ(received, std::vector<std::string>({std::string(2 * kMaxChunkBytes + 1, 'a'), "", "b"}));
}

TEST(ResponseStream, HasNothingToSayOnceCleared) {
  ResponseStream stream;
  stream.PushResult({}, Outputs({"a"}));
  stream.Clear();
  v1::SegmentResponse message;
  EXPECT_FALSE(stream.Next(message));
}

}  // namespace
}  // namespace sgpsam
