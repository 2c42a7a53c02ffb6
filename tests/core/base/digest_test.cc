#include "core/base/digest.h"

#include <gtest/gtest.h>

#include <array>
#include <set>
#include <string>

namespace sgpsam {
namespace {

// FIPS 180-2, appendix B, and the empty message.
TEST(Sha256, GivesThePublishedDigests) {
  EXPECT_EQ(Sha256::Of("").ToHex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Sha256::Of("abc").ToHex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Sha256::Of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq").ToHex(),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  Sha256 million;
  for (int n = 0; n < 1000; ++n) million.Update(std::string(1000, 'a'));
  EXPECT_EQ(million.Finish().ToHex(), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, GoesOnAfterAMove) {
  Sha256 first;
  first.Update("ab");
  Sha256 second = std::move(first);
  EXPECT_EQ(second.Update("c").Finish(), Sha256::Of("abc"));
}

TEST(Digest, ComesBackFromItsBytes) {
  const Digest digest = Sha256::Of("abc");
  EXPECT_EQ(digest.ToBytes().size(), 32u);
  EXPECT_EQ(Digest::FromBytes(digest.ToBytes()).value(), digest);
}

TEST(Digest, RefusesBytesThatAreNotThirtyTwo) {
  for (const size_t size : {size_t{0}, size_t{31}, size_t{33}, size_t{64}}) {
    EXPECT_EQ(Digest::FromBytes(std::string(size, 'x')).status().code(), absl::StatusCode::kInvalidArgument);
  }
}

TEST(DigestOfSet, DoesNotDependOnTheOrder) {
  const Digest a = Sha256::Of("a"), b = Sha256::Of("b"), c = Sha256::Of("c");
  EXPECT_EQ(DigestOfSet(std::array{a, b, c}), DigestOfSet(std::array{c, a, b}));
}

TEST(DigestOfSet, TellsSetsApart) {
  const Digest a = Sha256::Of("a"), b = Sha256::Of("b");
  const std::set<Digest> all{DigestOfSet({}), DigestOfSet(std::array{a}), DigestOfSet(std::array{a, a}),
                             DigestOfSet(std::array{a, b}), DigestOfSet(std::array{a, b, b})};
  EXPECT_EQ(all.size(), 5u);
}

// The contract's definition, which clients compute themselves.
TEST(DigestOfSet, IsTheDigestOfTheSortedDigests) {
  const Digest a = Sha256::Of("a"), b = Sha256::Of("b");  // ca97... and 3e23...
  EXPECT_EQ(DigestOfSet(std::array{a, b}), Sha256::Of(b.ToBytes() + a.ToBytes()));
}

}  // namespace
}  // namespace sgpsam
