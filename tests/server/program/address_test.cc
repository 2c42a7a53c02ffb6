#include "server/program/address.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace sgpsam {
namespace {

TEST(ParseAddress, SplitsHostAndPort) {
  EXPECT_EQ(*ParseAddress("127.0.0.1:80"), std::make_pair(std::string("127.0.0.1"), 80));
  EXPECT_EQ(*ParseAddress("[::1]:0"), std::make_pair(std::string("::1"), 0));
  for (const char* bad : {"", "host", ":80", "host:", "host:65536", "host:-1", "[::1:80"}) {
    EXPECT_FALSE(ParseAddress(bad).ok()) << bad;
  }
}

}  // namespace
}  // namespace sgpsam
