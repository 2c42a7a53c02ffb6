#include "core/dicom/dataset/uid.h"

#include <gtest/gtest.h>

#include <set>
#include <thread>
#include <vector>

namespace sgpsam {
namespace {

TEST(Uid, AreValidAndDifferBetweenThreads) {
  std::vector<std::set<std::string>> made(4);
  std::vector<std::thread> threads;
  for (std::set<std::string>& set : made) {
    threads.emplace_back([&set] {
      for (int n = 0; n < 2500; ++n) set.insert(RandomUid());
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<std::string> all;
  for (const std::set<std::string>& set : made) all.insert(set.begin(), set.end());
  EXPECT_EQ(all.size(), 10000u);
  for (const std::string& uid : all) ASSERT_TRUE(IsUid(uid)) << uid;
}

TEST(Uid, AreTheDecimalNumberOfTheKeysUuid) {
  // SHA-256("abc") begins ba7816bf8f01cfea414140de5dae2223; version 8 and the variant replace six bits.
  EXPECT_EQ(DerivedUid("abc"), "2.25.247859944228867097191300499870369849891");
}

TEST(Uid, AreRecognised) {
  for (const char* good : {"1.2.3", "0.1", "2.25.329800735698586629295641978511506172918"})
    EXPECT_TRUE(IsUid(good)) << good;
  for (const char* bad : {"", "1..2", ".1", "1.", "1.2.03", "1.a", "1.2 "}) EXPECT_FALSE(IsUid(bad)) << bad;
  EXPECT_TRUE(IsUid(std::string(64, '1')));
  EXPECT_FALSE(IsUid(std::string(65, '1')));
  for (const char* usable : {"1.2.3", "1.2.03", "00.1"}) EXPECT_TRUE(IsUsableUid(usable)) << usable;
  for (const char* bad : {"", "1..2", "1.", "1.a"}) EXPECT_FALSE(IsUsableUid(bad)) << bad;
  EXPECT_FALSE(IsUsableUid(std::string(65, '1')));
}

}  // namespace
}  // namespace sgpsam
