#include "core/checkpoint/unpickler.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/checkpoint/pth_builder.h"

namespace sgpsam {
namespace {

using pickles::Dict;
using pickles::Global;
using pickles::Int;
using pickles::Ints;
using pickles::Storage;
using pickles::Tensor;
using pickles::Text;
using pickles::Tuple;
using pickles::Whole;
using ::testing::HasSubstr;
using Kind = PickleNode::Kind;

PickleNode RootOf(const std::string& body) {
  const auto pickle = ReadPickle(Whole(body));
  EXPECT_TRUE(pickle.ok()) << pickle.status();
  return pickle.ok() ? (*pickle)[pickle->root] : PickleNode();
}

std::string Refusal(const std::string& body) {
  const auto pickle = ReadPickle(Whole(body));
  EXPECT_FALSE(pickle.ok());
  return std::string(pickle.status().message());
}

TEST(Unpickler, ReadsNumbersOfEveryEncoding) {
  EXPECT_EQ(RootOf("K\xff").integer, 255);
  EXPECT_EQ(RootOf("M\x01\x02").integer, 513);
  EXPECT_EQ(RootOf(absl::StrCat("J", LittleEndian(~0ull, 4))).integer, -1);
  EXPECT_EQ(RootOf(std::string("\x8a\x00", 2)).integer, 0);
  EXPECT_EQ(RootOf("\x8a\x01\xff").integer, -1);
  EXPECT_EQ(RootOf(Int(-7'000'000'000)).integer, -7'000'000'000);
  EXPECT_EQ(RootOf("I-12\n").integer, -12);
  EXPECT_EQ(RootOf("L12L\n").integer, 12);
  EXPECT_EQ(RootOf("I01\n").kind, Kind::kBool);
  EXPECT_EQ(RootOf("\x88").integer, 1);
  EXPECT_EQ(RootOf("N").kind, Kind::kNone);
  EXPECT_DOUBLE_EQ(RootOf(std::string("G\x3f\xe0\0\0\0\0\0\0", 9)).number, 0.5);
  EXPECT_EQ(RootOf(absl::StrCat("\x8a\x09", std::string(9, '\1'))).kind, Kind::kOther);  // beyond 64 bits
}

TEST(Unpickler, ReadsTextsOfEveryEncoding) {
  for (const char* body :
       {"X\3\0\0\0abc", "U\3abc",
        "\x8c\3"
        "abc",
        "C\3abc", "B\3\0\0\0abc", "T\3\0\0\0abc", "\x8d\3\0\0\0\0\0\0\0abc", "\x8e\3\0\0\0\0\0\0\0abc"}) {
    const bool eight = static_cast<uint8_t>(body[0]) == 0x8d || static_cast<uint8_t>(body[0]) == 0x8e;
    const bool one = body[0] == 'U' || body[0] == 'C' || static_cast<uint8_t>(body[0]) == 0x8c;
    EXPECT_EQ(RootOf(std::string(body, 4u + (eight ? 8 : one ? 1 : 4))).text, "abc");
  }
}

TEST(Unpickler, ReadsContainersAndTheMemo) {
  const auto pickle = ReadPickle(Whole(absl::StrCat("](", Int(1), Text("x"), "q\x05h\x05", "e")));
  ASSERT_TRUE(pickle.ok()) << pickle.status();
  const PickleNode& list = (*pickle)[pickle->root];
  ASSERT_EQ(list.kind, Kind::kList);
  ASSERT_EQ(list.items.size(), 3u);
  EXPECT_EQ(list.items[1], list.items[2]);
  EXPECT_EQ(RootOf(Dict({{"a", Int(1)}, {"b", "N"}})).items.size(), 4u);
  EXPECT_EQ(RootOf("K\1K\2K\3\x87").items.size(), 3u);
}

TEST(Unpickler, UnderstandsTensorsAndParameters) {
  const std::string tensor = Tensor(Storage("HalfStorage", "7", 12), 2, {2, 3}, {3, 1});
  for (const std::string& body :
       {tensor, Global("torch._utils", "_rebuild_parameter") + Tuple({tensor, "\x88", "N"}) + "R"}) {
    const PickleNode node = RootOf(body);
    ASSERT_EQ(node.kind, Kind::kTensor);
    EXPECT_EQ(node.tensor->storage.key, "7");
    EXPECT_EQ(node.tensor->storage.type, TensorType::kFloat16);
    EXPECT_EQ(node.tensor->storage.elements, 12);
    EXPECT_EQ(node.tensor->offset, 2);
    EXPECT_EQ(node.tensor->shape, (std::vector<int64_t>{2, 3}));
    EXPECT_EQ(node.tensor->strides, (std::vector<int64_t>{3, 1}));
  }
}

TEST(Unpickler, SaysHowManyBytesItTook) {
  const auto pickle = ReadPickle(absl::StrCat(Whole(Int(7)), "behind it"));
  ASSERT_TRUE(pickle.ok()) << pickle.status();
  EXPECT_EQ(pickle->size, Whole(Int(7)).size());
}

// PyTorch's views that change a value when it is read (negated, conjugated) say so after the hooks.
TEST(Unpickler, DoesNotTakeALazilyChangedTensorForItsStorage) {
  const auto with_metadata = [](const std::string& metadata) {
    return Global("torch._utils", "_rebuild_tensor_v2") +
           Tuple({Storage("FloatStorage", "0", 4), Int(0), Ints({4}), Ints({1}), "\x89", "N", metadata}) +
           "R";
  };
  EXPECT_EQ(RootOf(with_metadata(Dict({{"neg", "\x88"}}))).kind, Kind::kOther);
  EXPECT_EQ(RootOf(with_metadata("}")).kind, Kind::kTensor);
}

TEST(Unpickler, UnderstandsPersistentIdsOfTheOldLayout) {
  const auto storage = [](const std::string& view) {
    return Tuple({Text("storage"), Global("torch", "FloatStorage"), Text("0"), Text("cpu"), Int(4), view}) +
           "Q";
  };
  EXPECT_EQ(RootOf(storage("N")).kind, Kind::kStorage);
  EXPECT_THAT(Refusal(storage(Tuple({Text("1"), Int(0), Int(2)}))), HasSubstr("view of a storage"));
  EXPECT_EQ(RootOf(Tuple({Text("module"), Global("a", "b"), "N", "N"}) + "Q").kind, Kind::kOther);
}

TEST(Unpickler, KeepsEverythingElseInert) {
  EXPECT_EQ(RootOf(Global("posix", "system") + Tuple({Text("false")}) + "R").kind, Kind::kOther);
  EXPECT_EQ(RootOf(Global("argparse", "Namespace") + ")\x81" + Dict({{"lr", Int(1)}}) + "b").kind,
            Kind::kOther);
  EXPECT_EQ(RootOf(Text("os") + Text("system") + "\x93)R").kind, Kind::kOther);
  EXPECT_EQ(RootOf(absl::StrCat("\x8f(", Int(1), "\x90")).kind, Kind::kOther);
  EXPECT_EQ(RootOf(Global("a", "b") + ")}\x92").kind, Kind::kOther);
}

TEST(Unpickler, NamesTheByteWhereAPickleGoesWrong) {
  EXPECT_THAT(Refusal("\xff"), HasSubstr("byte 2: instruction 0xff"));
  EXPECT_THAT(Refusal("0"), HasSubstr("byte 2: its stack is empty"));
  EXPECT_THAT(Refusal("h\1"), HasSubstr("never stored"));
  EXPECT_THAT(Refusal("X\xff\xff\xff\xff"), HasSubstr("longer than the file"));
  EXPECT_THAT(Refusal("\x8e\xff\xff\xff\xff\xff\xff\xff\xff"), HasSubstr("longer than the file"));
  EXPECT_THAT(Refusal(absl::StrCat("}(", Text("key"), "u")), HasSubstr("a key has no value"));
  EXPECT_THAT(Refusal("K\1(0a"), HasSubstr("stack is empty"));
  EXPECT_THAT(Refusal("K\1K\1a"), HasSubstr("no container"));
  EXPECT_THAT(Refusal(absl::StrCat("cos\n", std::string(300, 'x'), "\n")), HasSubstr("too long"));
  EXPECT_FALSE(ReadPickle("").ok());
  EXPECT_THAT(std::string(ReadPickle("\x80\x01N.").status().message()),
              HasSubstr("protocol 1 is not supported"));
}

TEST(Unpickler, RefusesMalformedTensors) {
  const std::string storage = Storage("FloatStorage", "0", 4);
  EXPECT_THAT(Refusal(Tensor(Int(3), 0, {1}, {1})), HasSubstr("no storage"));
  EXPECT_THAT(Refusal(Tensor(storage, -1, {1}, {1})), HasSubstr("offset"));
  EXPECT_THAT(Refusal(Tensor(storage, 0, {-1}, {1})), HasSubstr("shape"));
  EXPECT_THAT(Refusal(Tensor(storage, 0, {1}, {1, 1})), HasSubstr("strides"));
  EXPECT_THAT(Refusal(Tensor(storage, 0, std::vector<int64_t>(17, 1), std::vector<int64_t>(17, 1))),
              HasSubstr("shape"));
  EXPECT_THAT(Refusal(Global("torch._utils", "_rebuild_tensor_v2") + ")R"), HasSubstr("too few"));
  EXPECT_THAT(Refusal(Ints({1, 2, 3}) + "Q"), HasSubstr("persistent id"));
  EXPECT_THAT(Refusal(Storage("FloatStorage", std::string(65, '1'), 4)), HasSubstr("storage key"));
}

TEST(Unpickler, DoesNotGrowWithRepetition) {
  // A list of a thousand things, made a thousand times 20 into a dict by reference.
  std::string body = "](";
  for (int i = 0; i < 1000; ++i) body += "K\1K\2\x86";
  body += "eq\1";
  std::string call = Global("collections", "OrderedDict") + "h\1\x85R" + "0";
  for (int i = 0; i < 20'000; ++i) body += call;
  EXPECT_THAT(Refusal(body), HasSubstr("five million"));
  EXPECT_THAT(Refusal(std::string(1'100'000, '(')), HasSubstr("beyond a million"));
  EXPECT_THAT(Refusal(std::string(600'000, 'N')), HasSubstr("500,000"));
  EXPECT_THAT(Refusal(absl::StrCat("N", std::string(1'100'000, '2'))), HasSubstr("beyond a million"));
}

TEST(Unpickler, SurvivesDepthAndCycles) {
  std::string deep(200'000, ']');
  EXPECT_TRUE(ReadPickle(Whole(deep + std::string(199'999, 'a'))).ok());
  EXPECT_EQ(RootOf("]q\1h\1a").items.size(), 1u);  // a list that holds itself
}

}  // namespace
}  // namespace sgpsam
