#include "core/model_file/safetensors.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sgpsam {
namespace {

using ::testing::HasSubstr;

std::string Container(const std::string& header, const std::string& data) {
  std::string bytes;
  for (int i = 0; i < 8; ++i) bytes.push_back(static_cast<char>(header.size() >> (8 * i)));
  return bytes + header + data;
}

std::string MessageFor(const std::string& header, size_t data_bytes) {
  const auto file = ReadSafetensors(Container(header, std::string(data_bytes, 'x')));
  EXPECT_FALSE(file.ok());
  return std::string(file.status().message());
}

std::string Entry(const std::string& name, const std::string& shape, uint64_t begin, uint64_t end) {
  return absl::StrCat("\"", name, R"(":{"dtype":"F32","shape":[)", shape, R"(],"data_offsets":[)", begin, ",",
                      end, "]}");
}

class TempDir {
 public:
  TempDir() : path_(::testing::TempDir() + "safetensors." + std::to_string(getpid())) {
    std::filesystem::create_directories(path_);
  }
  ~TempDir() { std::filesystem::remove_all(path_); }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  size_t CountFiles() const {
    return static_cast<size_t>(std::distance(std::filesystem::directory_iterator(path_), {}));
  }

 private:
  std::string path_;
};

TensorFile Example() {
  TensorFile file;
  file.tensors["b"] = {TensorType::kInt64, {2}, std::vector<uint8_t>(16, 7)};
  file.tensors["a"] = {TensorType::kUint8, {3, 1}, {1, 2, 3}};
  file.tensors["scalar"] = {TensorType::kBfloat16, {}, {8, 9}};
  file.tensors["empty"] = {TensorType::kFloat32, {0, 4}, {}};
  file.metadata["k"] = "a \"quoted\" value";
  return file;
}

TEST(Safetensors, ReadsTheDocumentedLayout) {
  const auto file = ReadSafetensors(
      Container(R"({"__metadata__":{"k":"v"},"t":{"dtype":"U8","shape":[1,2],"data_offsets":[4,6]},)"
                R"("s":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}   )",
                std::string("\0\0\x80\x3f\x05\x06", 6)));
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(file->metadata.at("k"), "v");
  EXPECT_EQ(file->tensors.at("t").shape, (std::vector<int64_t>{1, 2}));
  EXPECT_EQ(file->tensors.at("t").bytes, (std::vector<uint8_t>{5, 6}));
  EXPECT_EQ(file->tensors.at("s").type, TensorType::kFloat32);
  EXPECT_EQ(file->tensors.at("s").bytes, (std::vector<uint8_t>{0, 0, 0x80, 0x3f}));
}

TEST(Safetensors, ReadsBackWhatItWrote) {
  const TempDir dir;
  const TensorFile file = Example();
  ASSERT_TRUE(WriteSafetensorsFile(file, dir / "x.safetensors").ok());
  const auto back = ReadSafetensorsFile(dir / "x.safetensors");
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->metadata, file.metadata);
  ASSERT_EQ(back->tensors.size(), file.tensors.size());
  for (const auto& [name, tensor] : file.tensors) {
    EXPECT_EQ(back->tensors.at(name).type, tensor.type) << name;
    EXPECT_EQ(back->tensors.at(name).shape, tensor.shape) << name;
    EXPECT_EQ(back->tensors.at(name).bytes, tensor.bytes) << name;
  }
}

TEST(Safetensors, WritesDataOnEightBytesAndNothingBeside) {
  const TempDir dir;
  ASSERT_TRUE(WriteSafetensorsFile(Example(), dir / "x.safetensors").ok());
  std::ifstream in(dir / "x.safetensors", std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(in)), {});
  EXPECT_EQ(static_cast<uint8_t>(bytes[0]) % 8, 0);
  EXPECT_EQ(dir.CountFiles(), 1u);
  struct stat status {};
  ASSERT_EQ(stat((dir / "x.safetensors").c_str(), &status), 0);
  EXPECT_NE(status.st_mode & S_IRUSR, 0u);
}

TEST(Safetensors, WritesNoHalfFileAndKeepsTheOldOne) {
  const TempDir dir;
  ASSERT_TRUE(WriteSafetensorsFile(Example(), dir / "x.safetensors").ok());
  TensorFile broken = Example();
  broken.tensors["b"].bytes.pop_back();
  EXPECT_THAT(std::string(WriteSafetensorsFile(broken, dir / "x.safetensors").message()),
              HasSubstr("tensor b"));
  EXPECT_EQ(dir.CountFiles(), 1u);
  EXPECT_TRUE(ReadSafetensorsFile(dir / "x.safetensors").ok());
}

TEST(Safetensors, NamesTheFileAndTheReason) {
  const TempDir dir;
  EXPECT_THAT(std::string(ReadSafetensorsFile(dir / "none").status().message()), HasSubstr(dir / "none"));
  EXPECT_EQ(ReadSafetensorsFile(dir / "none").status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(ReadSafetensorsFile("/dev/zero").status().message()), HasSubstr("no regular file"));
  EXPECT_THAT(std::string(WriteSafetensorsFile(Example(), dir / "no/x").message()), HasSubstr(dir / "no/x"));
  std::ofstream(dir / "short") << "abc";
  EXPECT_THAT(std::string(ReadSafetensorsFile(dir / "short").status().message()),
              HasSubstr("shorter than 8 bytes"));
}

TEST(Safetensors, RefusesEveryTruncation) {
  const TempDir dir;
  ASSERT_TRUE(WriteSafetensorsFile(Example(), dir / "x").ok());
  std::ifstream in(dir / "x", std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(in)), {});
  ASSERT_TRUE(ReadSafetensors(bytes).ok());
  for (size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(ReadSafetensors(bytes.substr(0, size)).ok()) << size;
  EXPECT_THAT(std::string(ReadSafetensors(bytes + "x").status().message()), HasSubstr("appended"));
}

TEST(Safetensors, RefusesAHeaderLargerThanTheFile) {
  std::string bytes = Container("{}", "");
  for (int i = 0; i < 8; ++i) bytes[static_cast<size_t>(i)] = '\xff';
  EXPECT_THAT(std::string(ReadSafetensors(bytes).status().message()),
              HasSubstr("header of 18446744073709551615"));
}

TEST(Safetensors, RefusesSizesThatOverflow) {
  EXPECT_THAT(MessageFor(absl::StrCat("{", Entry("t", "4294967296,4294967296", 0, 0), "}"), 0),
              HasSubstr("\"t\": the shape's product overflows"));
  EXPECT_THAT(MessageFor(absl::StrCat("{", Entry("t", "4611686018427387904", 0, 0), "}"), 0),
              HasSubstr("overflows"));
  EXPECT_THAT(MessageFor(absl::StrCat("{", Entry("t", "18446744073709551615", 0, 4), "}"), 4),
              HasSubstr("beyond 2^63"));
  EXPECT_THAT(MessageFor(absl::StrCat("{", Entry("t", "1000000000000", 0, 4000000000000), "}"), 4),
              HasSubstr("truncated"));
}

TEST(Safetensors, RefusesOverlapsGapsAndWrongSizes) {
  EXPECT_THAT(MessageFor(absl::StrCat("{", Entry("a", "2", 0, 8), ",", Entry("b", "2", 4, 12), "}"), 12),
              HasSubstr("\"b\" overlaps"));
  EXPECT_THAT(MessageFor(absl::StrCat("{", Entry("a", "1", 0, 4), ",", Entry("b", "1", 8, 12), "}"), 12),
              HasSubstr("\"b\" leaves a gap"));
  EXPECT_THAT(MessageFor(absl::StrCat("{", Entry("a", "2", 0, 4), "}"), 4),
              HasSubstr("\"a\": offsets 0..4 do not hold the 8 bytes"));
  EXPECT_THAT(MessageFor(absl::StrCat("{", Entry("a", "1", 4, 0), "}"), 4), HasSubstr("do not hold"));
}

TEST(Safetensors, RefusesWhatTheFormatDoesNotHave) {
  EXPECT_THAT(MessageFor(absl::StrCat("{", Entry("a", "1", 0, 4), ",", Entry("a", "1", 4, 8), "}"), 8),
              HasSubstr("\"a\": occurs twice"));
  EXPECT_THAT(MessageFor(R"({"a":{"dtype":"F8_E5M2","shape":[1],"data_offsets":[0,1]}})", 1),
              HasSubstr("unsupported dtype"));
  EXPECT_THAT(MessageFor(R"({"a":{"dtype":"U8","shape":[1]}})", 1), HasSubstr("\"a\": no data_offsets"));
  EXPECT_THAT(MessageFor(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0]}})", 1),
              HasSubstr("must be two numbers"));
  EXPECT_THAT(MessageFor(R"({"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,1]}})", 1),
              HasSubstr("negative"));
  EXPECT_THAT(MessageFor(R"({"a":{"dtype":"U8","shape":[[1]],"data_offsets":[0,1]}})", 1),
              HasSubstr("unexpected value"));
  EXPECT_THAT(MessageFor(R"({"a":{"dtype":"U8","shape":1,"data_offsets":[0,1]}})", 1),
              HasSubstr("unexpected value"));
  EXPECT_THAT(MessageFor(R"({"a":5})", 1), HasSubstr("unexpected value"));
  EXPECT_THAT(MessageFor(R"({"__metadata__":{"a":{}}})", 0), HasSubstr("an object where none belongs"));
  EXPECT_FALSE(MessageFor("[]", 0).empty());
  EXPECT_FALSE(MessageFor("", 0).empty());
  EXPECT_FALSE(MessageFor("\"a\"", 0).empty());
  EXPECT_FALSE(MessageFor(std::string(1 << 20, '['), 0).empty());
  EXPECT_FALSE(MessageFor(R"({"a":{"b":{"c":1}}})", 0).empty());
}

}  // namespace
}  // namespace sgpsam
