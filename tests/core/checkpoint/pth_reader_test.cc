#include "core/checkpoint/pth_reader.h"

#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/checkpoint/pth_builder.h"

namespace sgpsam {
namespace {

using pickles::Dict;
using pickles::Int;
using pickles::Storage;
using pickles::Tensor;
using pickles::Text;
using ::testing::HasSubstr;

// An archive with one tensor "t" over a storage of the six floats 0 to 5.
ZipBuilder WithTensor(int64_t offset, const std::vector<int64_t>& shape,
                      const std::vector<int64_t>& strides) {
  ZipBuilder zip = Archive(Dict({{"t", Tensor(Storage("FloatStorage", "0", 6), offset, shape, strides)}}));
  zip.Add("archive/data/0", BytesOf(std::vector<float>{0, 1, 2, 3, 4, 5}));
  return zip;
}

// The same in the layout from before PyTorch 1.6.
LegacyBuilder LegacyWithTensor(int64_t offset, const std::vector<int64_t>& shape,
                               const std::vector<int64_t>& strides) {
  LegacyBuilder legacy;
  legacy.body = Dict({{"t", Tensor(Storage("FloatStorage", "94393388234912", 6), offset, shape, strides)}});
  legacy.storages = {{"94393388234912", 6, BytesOf(std::vector<float>{0, 1, 2, 3, 4, 5})}};
  return legacy;
}

absl::StatusOr<NamedTensor> ReadT(const std::string& bytes) {
  const TemporaryFile file(bytes);
  auto checkpoint = PthCheckpoint::Open(file.path());
  if (!checkpoint.ok()) return checkpoint.status();
  return checkpoint->Read("t");
}

std::vector<float> FloatsOf(const std::string& bytes) {
  const auto tensor = ReadT(bytes);
  EXPECT_TRUE(tensor.ok()) << tensor.status();
  if (!tensor.ok()) return {};
  std::vector<float> values(tensor->bytes.size() / sizeof(float));
  if (!values.empty()) std::memcpy(values.data(), tensor->bytes.data(), tensor->bytes.size());
  return values;
}

std::string Refusal(const std::string& bytes) {
  const auto tensor = ReadT(bytes);
  EXPECT_FALSE(tensor.ok());
  return std::string(tensor.status().message());
}

TEST(PthReader, ReadsContiguousTensorsAndViews) {
  EXPECT_EQ(FloatsOf(WithTensor(0, {2, 3}, {3, 1}).Build()), (std::vector<float>{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(FloatsOf(WithTensor(2, {2}, {1}).Build()), (std::vector<float>{2, 3}));
  EXPECT_EQ(FloatsOf(WithTensor(5, {}, {}).Build()), (std::vector<float>{5}));
  EXPECT_EQ(FloatsOf(WithTensor(0, {0, 3}, {3, 1}).Build()), (std::vector<float>{}));
}

TEST(PthReader, PutsTransposedTensorsInOrder) {
  EXPECT_EQ(FloatsOf(WithTensor(0, {3, 2}, {1, 3}).Build()), (std::vector<float>{0, 3, 1, 4, 2, 5}));
  EXPECT_EQ(FloatsOf(WithTensor(1, {2, 2}, {2, 1}).Build()), (std::vector<float>{1, 2, 3, 4}));
}

TEST(PthReader, ReadsTheLayoutFromBeforeVersion16) {
  EXPECT_EQ(FloatsOf(LegacyWithTensor(0, {2, 3}, {3, 1}).Build()), (std::vector<float>{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(FloatsOf(LegacyWithTensor(1, {2, 2}, {1, 2}).Build()), (std::vector<float>{1, 3, 2, 4}));
}

TEST(PthReader, FindsEachStorageOfTheOldLayoutBehindTheOthersOfAnyType) {
  LegacyBuilder legacy = LegacyWithTensor(0, {6}, {1});
  legacy.body = Dict({{"t", Tensor(Storage("FloatStorage", "9", 1), 0, {1}, {1})},
                      {"flags", Tensor(Storage("BoolStorage", "1", 3), 0, {3}, {1})},
                      {"spectrum", Tensor(Storage("ComplexDoubleStorage", "2", 2), 0, {2}, {1})},
                      {"empty", Tensor(Storage("HalfStorage", "3", 0), 0, {0}, {1})}});
  legacy.storages = {{"1", 3, std::string(3, '\1')},
                     {"2", 2, std::string(32, '\2')},
                     {"3", 0, ""},
                     {"9", 1, BytesOf(std::vector<float>{7})}};
  EXPECT_EQ(FloatsOf(legacy.Build()), (std::vector<float>{7}));
}

TEST(PthReader, FindsTheStateDictWhereTrainersPutIt) {
  const std::string tensor = Tensor(Storage("FloatStorage", "0", 1), 0, {1}, {1});
  for (const std::string& body : {Dict({{"epoch", Int(1)}, {"model_state_dict", Dict({{"t", tensor}})}}),
                                  Dict({{"state_dict", Dict({{"t", tensor}})}}),
                                  Dict({{"model_state_dict", Dict({{"module.t", tensor}})}}),
                                  Dict({{"t", tensor}, {"note", Text("x")}})}) {
    ZipBuilder zip = Archive(body);
    zip.Add("archive/data/0", BytesOf(std::vector<float>{4}));
    EXPECT_EQ(FloatsOf(zip.Build()), (std::vector<float>{4}));
  }
}

TEST(PthReader, RepeatsTheElementsOfAnExpandedTensor) {
  EXPECT_EQ(FloatsOf(WithTensor(2, {4, 2}, {0, 1}).Build()), (std::vector<float>{2, 3, 2, 3, 2, 3, 2, 3}));
  EXPECT_EQ(FloatsOf(WithTensor(5, {9}, {0}).Build()), (std::vector<float>(9, 5)));
}

TEST(PthReader, ReadsEveryStorageTypeOfTensorType) {
  for (const auto& [type, expected, width] : std::vector<std::tuple<std::string, TensorType, int64_t>>{
           {"FloatStorage", TensorType::kFloat32, 4},
           {"HalfStorage", TensorType::kFloat16, 2},
           {"BFloat16Storage", TensorType::kBfloat16, 2},
           {"DoubleStorage", TensorType::kFloat64, 8},
           {"LongStorage", TensorType::kInt64, 8},
           {"IntStorage", TensorType::kInt32, 4},
           {"ByteStorage", TensorType::kUint8, 1}}) {
    ZipBuilder zip = Archive(Dict({{"t", Tensor(Storage(type, "0", 3), 0, {3}, {1})}}));
    zip.Add("archive/data/0", std::string(static_cast<size_t>(3 * width), 'x'));
    const auto tensor = ReadT(zip.Build());
    ASSERT_TRUE(tensor.ok()) << type << tensor.status();
    EXPECT_EQ(tensor->type, expected);
    EXPECT_EQ(tensor->bytes.size(), static_cast<size_t>(3 * width));
  }
  EXPECT_THAT(
      Refusal(Archive(Dict({{"t", Tensor(Storage("ComplexFloatStorage", "0", 3), 0, {3}, {1})}})).Build()),
      HasSubstr("tensor t: is a torch.ComplexFloatStorage, which is not supported"));
}

TEST(PthReader, RefusesTensorsThatReachBeyondTheirStorage) {
  constexpr int64_t kHuge = int64_t{1} << 62;
  for (const ZipBuilder& zip :
       {WithTensor(0, {7}, {1}), WithTensor(6, {1}, {1}), WithTensor(0, {2, 3}, {4, 1}),
        WithTensor(0, {int64_t{1} << 24, 2}, {0, 0}), WithTensor(0, {kHuge, 4}, {0, 0}),
        WithTensor(kHuge, {2}, {kHuge}), WithTensor(0, {2, 2}, {kHuge, kHuge})}) {
    EXPECT_THAT(Refusal(zip.Build()), HasSubstr("tensor t: its shape and strides do not fit"));
  }
}

TEST(PthReader, RefusesAStorageOfAnotherSizeThanAnnounced) {
  ZipBuilder zip = WithTensor(0, {6}, {1});
  zip.entries.back().bytes.pop_back();
  EXPECT_THAT(Refusal(zip.Build()), HasSubstr("its storage has 23 bytes instead of 6 elements of 4"));
  zip.entries.pop_back();
  EXPECT_THAT(Refusal(zip.Build()), HasSubstr("has no entry \"archive/data/0\""));
}

TEST(PthReader, SaysHowToConvertOtherFormats) {
  LegacyBuilder other_pickle = LegacyWithTensor(0, {6}, {1});
  other_pickle.magic = Int(7);
  EXPECT_THAT(Refusal(other_pickle.Build()), HasSubstr("is a pickle, but not one of torch.save"));
  ZipBuilder script = WithTensor(0, {6}, {1});
  script.Add("archive/constants.pkl", "x");
  EXPECT_THAT(Refusal(script.Build()), HasSubstr("TorchScript"));
  EXPECT_THAT(Refusal("hello"), HasSubstr("neither a zip file nor a pickle"));
  EXPECT_THAT(Refusal(""), HasSubstr("neither a zip file nor a pickle"));
  ZipBuilder other;
  other.Add("word/document.xml", "x");
  EXPECT_THAT(Refusal(other.Build()), HasSubstr("no data.pkl"));
}

TEST(PthReader, RefusesBigEndianFiles) {
  ZipBuilder zip = WithTensor(0, {6}, {1});
  zip.entries[1].bytes = "big";
  EXPECT_THAT(Refusal(zip.Build()), HasSubstr("big-endian"));
}

TEST(PthReader, SaysWhatItFoundInsteadOfAStateDict) {
  EXPECT_THAT(Refusal(Archive(Dict({{"epoch", Int(1)}, {"args", "N"}})).Build()),
              HasSubstr("its keys are: epoch, args"));
  EXPECT_THAT(Refusal(Archive("]").Build()), HasSubstr("holds no dict"));
  const std::string tensor = Tensor(Storage("FloatStorage", "0", 1), 0, {1}, {1});
  EXPECT_THAT(Refusal(Archive(Dict({{"t", tensor}, {"module.t", tensor}})).Build()),
              HasSubstr("two tensors named t"));
}

TEST(PthReader, RefusesEveryTruncation) {
  for (const std::string& bytes :
       {WithTensor(0, {2, 3}, {3, 1}).Build(), LegacyWithTensor(0, {2, 3}, {3, 1}).Build()}) {
    for (size_t size = 0; size < bytes.size(); ++size) {
      EXPECT_FALSE(ReadT(bytes.substr(0, size)).ok()) << size;
    }
  }
}

// What the old layout says twice must agree, and nothing may lie after the end.
TEST(PthReader, RefusesStoragesOfTheOldLayoutThatLie) {
  const auto refusal = [](const std::function<void(LegacyBuilder&)>& spoil) {
    LegacyBuilder legacy = LegacyWithTensor(0, {6}, {1});
    spoil(legacy);
    return Refusal(legacy.Build());
  };
  for (const int64_t elements : {int64_t{5}, int64_t{7}, int64_t{-1}, int64_t{1} << 62}) {
    EXPECT_THAT(refusal([&](LegacyBuilder& legacy) { legacy.storages[0].elements = elements; }),
                HasSubstr("elements instead of the 6 that its pickle says"));
  }
  EXPECT_THAT(refusal([](LegacyBuilder& legacy) { legacy.storages[0].bytes.pop_back(); }),
              HasSubstr("storage \"94393388234912\" does not lie in the file"));
  EXPECT_THAT(refusal([](LegacyBuilder& legacy) { legacy.storages[0].key = "unknown"; }),
              HasSubstr("storage \"unknown\", which no tensor has"));
  EXPECT_THAT(refusal([](LegacyBuilder& legacy) { legacy.storages.push_back(legacy.storages[0]); }),
              HasSubstr("storage \"94393388234912\" occurs twice"));
  EXPECT_THAT(refusal([](LegacyBuilder& legacy) { legacy.storages.clear(); }),
              HasSubstr("has no storage \"94393388234912\""));
  EXPECT_THAT(refusal([](LegacyBuilder& legacy) { legacy.protocol = 1000; }), HasSubstr("version 1000"));
}

TEST(PthReader, RefusesAStorageOfTheOldLayoutThatIsDescribedTwice) {
  LegacyBuilder legacy = LegacyWithTensor(0, {6}, {1});
  legacy.body = Dict({{"t", Tensor(Storage("FloatStorage", "0", 6), 0, {6}, {1})},
                      {"u", Tensor(Storage("FloatStorage", "0", 7), 0, {6}, {1})}});
  EXPECT_THAT(Refusal(legacy.Build()), HasSubstr("describes storage \"0\" twice"));
  legacy.body = Dict({{"t", Tensor(Storage("FloatStorage", "0", 6), 0, {6}, {1})},
                      {"u", Tensor(Storage("MadeUpStorage", "1", 6), 0, {6}, {1})}});
  legacy.storages[0] = {"0", 6, legacy.storages[0].bytes};
  legacy.storages.push_back({"1", 6, "123456"});
  EXPECT_THAT(Refusal(legacy.Build()), HasSubstr("storage \"1\" is a torch.MadeUpStorage"));
}

TEST(PthReader, RefusesHugeStoragesBeforeItReadsThem) {
  constexpr int64_t kHuge = int64_t{1} << 61;  // times four is zero in 64 bits
  LegacyBuilder legacy = LegacyWithTensor(0, {6}, {1});
  legacy.body = Dict({{"t", Tensor(Storage("FloatStorage", "0", kHuge), 0, {6}, {1})}});
  legacy.storages[0] = {"0", kHuge, legacy.storages[0].bytes};
  EXPECT_THAT(Refusal(legacy.Build()), HasSubstr("storage \"0\" does not lie in the file"));
}

TEST(PthReader, ReadsTheModulesAndTheConfigurationOfAMergedFile) {
  const std::string tensor = Tensor(Storage("FloatStorage", "0", 6), 0, {6}, {1});
  ZipBuilder zip = WithTensor(0, {6}, {1});
  zip.entries[0].bytes = pickles::Whole(Dict({{"model_state_dict", Dict({{"t", tensor}})},
                                              {"sgpm_state_dict", Dict({{"sgpm.1.t", tensor}})},
                                              {"sgpsam_config", Text("{}")}}));
  const TemporaryFile file(zip.Build());
  auto checkpoint = PthCheckpoint::Open(file.path());
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
  EXPECT_EQ(checkpoint->config_json(), "{}");
  EXPECT_EQ(checkpoint->tensors().size(), 2u);
  EXPECT_TRUE(checkpoint->Read("sgpm.1.t").ok());
}

}  // namespace
}  // namespace sgpsam
