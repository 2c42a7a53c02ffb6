#include "core/batching/content_cache.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "core/metrics/metrics.h"

namespace sgpsam {
namespace {

Digest Key(int n) { return Sha256::Of(std::to_string(n)); }

class ContentCacheTest : public ::testing::Test {
 protected:
  void Put(int n, size_t bytes) { cache_.Put(Key(n), std::make_shared<const int>(n), bytes); }
  bool Has(int n) {
    const auto value = cache_.Get(Key(n));
    EXPECT_TRUE(value == nullptr || *value == n);
    return value != nullptr;
  }

  Metrics metrics_{Clock::Real()};
  ContentCache<int> cache_{100, metrics_.embedding_cache};
};

TEST_F(ContentCacheTest, GivesBackWhatWasPut) {
  EXPECT_FALSE(Has(1));
  Put(1, 10);
  EXPECT_TRUE(Has(1));
  EXPECT_EQ(metrics_.embedding_cache.hits->Value(), 1);
  EXPECT_EQ(metrics_.embedding_cache.misses->Value(), 1);
  EXPECT_EQ(metrics_.embedding_cache.bytes->Value(), 10);
}

TEST_F(ContentCacheTest, DropsTheLeastRecentlyUsed) {
  Put(1, 40);
  Put(2, 40);
  EXPECT_TRUE(Has(1));
  Put(3, 40);
  EXPECT_FALSE(Has(2));
  EXPECT_TRUE(Has(1));
  EXPECT_TRUE(Has(3));
  EXPECT_EQ(metrics_.embedding_cache.bytes->Value(), 80);
}

TEST_F(ContentCacheTest, DropsAsManyAsANewOneNeeds) {
  for (int n = 0; n < 10; ++n) Put(n, 10);
  Put(10, 95);
  for (int n = 0; n < 10; ++n) EXPECT_FALSE(Has(n));
  EXPECT_TRUE(Has(10));
  EXPECT_EQ(metrics_.embedding_cache.bytes->Value(), 95);
}

TEST_F(ContentCacheTest, KeepsAnEntryOfExactlyItsSizeAndNoLargerOne) {
  Put(1, 100);
  EXPECT_TRUE(Has(1));
  Put(2, 101);
  EXPECT_FALSE(Has(2));
  EXPECT_TRUE(Has(1));
}

TEST_F(ContentCacheTest, CountsAReplacedEntryOnce) {
  Put(1, 30);
  Put(1, 50);
  EXPECT_TRUE(Has(1));
  EXPECT_EQ(metrics_.embedding_cache.bytes->Value(), 50);
}

TEST_F(ContentCacheTest, LeavesADroppedValueToWhoeverHoldsIt) {
  Put(1, 100);
  const std::shared_ptr<const int> held = cache_.Get(Key(1));
  Put(2, 100);
  EXPECT_FALSE(Has(1));
  EXPECT_EQ(*held, 1);
}

TEST_F(ContentCacheTest, StaysWithinItsLimitUnderManyThreads) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([this, t] {
      for (int n = 0; n < 500; ++n) {
        Put(t * 7 + n % 20, 1 + n % 30);
        Has((t + n) % 20);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(metrics_.embedding_cache.bytes->Value(), 100);
}

}  // namespace
}  // namespace sgpsam
