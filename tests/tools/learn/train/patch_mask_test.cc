#include "tools/learn/train/patch_mask.h"

#include <ATen/ATen.h>

#include "gtest/gtest.h"

namespace sgpsam {
namespace {

TEST(PatchMask, IsIndexedByVoxelAsATensor) {
  Mask mask(Shape{3, 4, 5});
  mask.Set(2, 0, 1);
  mask.Set(0, 3, 4);
  const at::Tensor tensor = ToTensor(mask);
  ASSERT_EQ(tensor.sizes(), at::IntArrayRef({3, 4, 5}));
  EXPECT_EQ(tensor.scalar_type(), at::kFloat);
  EXPECT_TRUE(tensor.is_contiguous());
  at::Tensor expected = at::zeros({3, 4, 5});
  expected[2][0][1] = 1;
  expected[0][3][4] = 1;
  EXPECT_TRUE(at::equal(tensor, expected));
}

TEST(PatchMask, HasTheVoxelsThatATensorSays) {
  at::Tensor inside = at::zeros({3, 4, 5}, at::kBool);
  inside[2][0][1] = true;
  inside[0][3][4] = true;
  const Mask mask = ToMask(inside);
  EXPECT_EQ(mask.CountVoxels(), 2u);
  EXPECT_TRUE(mask.at(2, 0, 1));
  EXPECT_TRUE(mask.at(0, 3, 4));
}

TEST(PatchMask, ComesBackFromATensorAsItWas) {
  Mask mask(Shape{7, 5, 3});  // 105 voxels: no whole number of bytes
  for (int64_t n = 0; n < 105; n += 4) mask.Set(n % 7, n / 7 % 5, n / 35);
  const Mask back = ToMask(ToTensor(mask).gt(0.5));
  EXPECT_EQ(back.shape(), mask.shape());
  EXPECT_EQ(back.bits(), mask.bits());
}

// A flipped patch is a view whose memory runs the other way.
TEST(PatchMask, IsTheSameOfAViewWhoseMemoryIsInAnotherOrder) {
  const at::Tensor inside = at::arange(60).view({3, 4, 5}).remainder(7).eq(0);
  const at::Tensor view = inside.permute({2, 1, 0}).contiguous().permute({2, 1, 0});
  EXPECT_FALSE(view.is_contiguous());
  EXPECT_EQ(ToMask(view).bits(), ToMask(inside).bits());
}

}  // namespace
}  // namespace sgpsam
