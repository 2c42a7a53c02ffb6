#include "core/base/strict_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "nlohmann/json.hpp"

namespace sgpsam {
namespace {

using testing::HasSubstr;

constexpr size_t kPlenty = size_t{1} << 20;

void ExpectRefused(const std::string& text, const char* why, size_t max_bytes = kPlenty) {
  const absl::Status status = ParseStrictJson(text, max_bytes).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text.substr(0, 100);
  EXPECT_THAT(std::string(status.message()), HasSubstr(why));
}

TEST(StrictJson, ReadsWhatIsSound) {
  const absl::StatusOr<nlohmann::json> parsed =
      ParseStrictJson(R"({"a": [1, {"b": "c"}], "b": {"a": 2}})", kPlenty);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ((*parsed)["a"][1]["b"], "c");
  EXPECT_EQ((*parsed)["b"]["a"], 2);
}

TEST(StrictJson, SaysWhereBrokenTextIsBroken) {
  ExpectRefused(R"({"a": 1,})", "byte 9");
  ExpectRefused("", "byte 1");
  ExpectRefused("{} x", "byte 4");
  ExpectRefused("\"\xff\"", "byte");
  ExpectRefused("[1e999]", "out of range");
}

TEST(StrictJson, RefusesAKeyThatIsGivenTwiceInOneObject) {
  ExpectRefused(R"({"x": {"a": 1, "b": 2, "a": 1}})", "\"a\" is given twice");
  EXPECT_TRUE(ParseStrictJson(R"([{"a": 1}, {"a": 1}])", kPlenty).ok());
}

TEST(StrictJson, RefusesEndlessText) {
  EXPECT_TRUE(ParseStrictJson("[12]", 4).ok());
  ExpectRefused("[123]", "longer than 4 bytes", 4);
  ExpectRefused(std::string(100'000, '[') + std::string(100'000, ']'), "nested deeper");
  std::string objects;
  for (int n = 0; n < 50'000; ++n) objects += "{\"a\":";
  ExpectRefused(objects, "nested deeper");
}

}  // namespace
}  // namespace sgpsam
