#include "core/base/reason.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"

namespace sgpsam {
namespace {

constexpr int kLast = static_cast<int>(Reason::kVolumeNotCached);

TEST(Reason, NamesAreDistinctAndAsErrorInfoWantsThem) {
  std::set<absl::string_view> names;
  for (int n = 1; n <= kLast; ++n) {
    const absl::string_view name = ReasonName(static_cast<Reason>(n));
    EXPECT_TRUE(names.insert(name).second) << name;
    ASSERT_FALSE(name.empty());
    EXPECT_LE(name.size(), 63u);  // google.rpc.ErrorInfo: [A-Z][A-Z0-9_]+[A-Z0-9]
    EXPECT_TRUE(absl::ascii_isupper(name.front()) && name.back() != '_') << name;
    for (const char c : name)
      EXPECT_TRUE(absl::ascii_isupper(c) || absl::ascii_isdigit(c) || c == '_') << name;
  }
  EXPECT_EQ(ReasonName(Reason::kNone), "");
}

TEST(Reason, ComesBackFromAStatus) {
  for (int n = 1; n <= kLast; ++n) {
    const auto reason = static_cast<Reason>(n);
    EXPECT_EQ(ReasonOf(WithReason(absl::NotFoundError("no"), reason)), reason);
  }
  const absl::Status status =
      InvalidArgument(Reason::kPointOutsideVolume, "lies outside", {{"point", "2"}, {"outside_mm", "0.5"}});
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message(), "lies outside");
  EXPECT_EQ(ReasonOf(status), Reason::kPointOutsideVolume);
  EXPECT_EQ(ReasonInfoOf(status)->metadata, (ReasonMetadata{{"point", "2"}, {"outside_mm", "0.5"}}));
  EXPECT_EQ(ReasonDetail(status, "point"), "2");
  EXPECT_EQ(ReasonDetail(status, "file"), "");
  EXPECT_EQ(FailedPrecondition(Reason::kSeveralSeries, "two").code(), absl::StatusCode::kFailedPrecondition);
}

TEST(Reason, IsNoneWhereNobodyGaveOne) {
  EXPECT_EQ(ReasonOf(absl::OkStatus()), Reason::kNone);
  EXPECT_EQ(ReasonOf(absl::InternalError("a defect")), Reason::kNone);
  EXPECT_FALSE(ReasonInfoOf(absl::InternalError("a defect")).has_value());
  EXPECT_TRUE(WithReason(absl::OkStatus(), Reason::kDamagedFile).ok());
}

TEST(Reason, OfANewerServerKeepsItsName) {
  const absl::Status status =
      WithReason(absl::InvalidArgumentError("no"), ReasonInfo{"OF_TOMORROW", {{"a", "1"}}});
  EXPECT_EQ(ReasonOf(status), Reason::kNone);
  EXPECT_EQ(ReasonInfoOf(status)->name, "OF_TOMORROW");
}

TEST(Reason, TextsAreKeptWhateverTheyHold) {
  const absl::Status status =
      InvalidArgument(Reason::kDamagedFile, "no", {{"a", "x=y"}, {"b", ""}, {"c", "two\nlines"}});
  EXPECT_EQ(ReasonInfoOf(status)->metadata, (ReasonMetadata{{"a", "x=y"}, {"b", ""}, {"c", "two lines"}}));
}

TEST(Reason, OutlivesAnotherMessage) {
  absl::Status status = InvalidArgument(Reason::kEmptyMask, "the mask is empty", {{"point", "2"}});
  status.SetPayload("somebody/else", absl::Cord("x"));
  const absl::Status prefixed = Prefixed(status, "target 2: ");
  EXPECT_EQ(prefixed.message(), "target 2: the mask is empty");
  EXPECT_EQ(prefixed.code(), status.code());
  EXPECT_EQ(ReasonOf(prefixed), Reason::kEmptyMask);
  EXPECT_EQ(ReasonDetail(prefixed, "point"), "2");
  EXPECT_EQ(prefixed.GetPayload("somebody/else"), absl::Cord("x"));
  EXPECT_EQ(ReasonOf(WithMessage(status, "other words")), Reason::kEmptyMask);
  EXPECT_TRUE(Prefixed(absl::OkStatus(), "x: ").ok());
}

TEST(Reason, DetailsAreAddedToAReasonOnly) {
  const absl::Status status = InvalidArgument(Reason::kEmptyMask, "empty");
  EXPECT_EQ(ReasonInfoOf(WithDetail(status, "target", "2"))->metadata, (ReasonMetadata{{"target", "2"}}));
  EXPECT_EQ(ReasonDetail(WithDetail(WithDetail(status, "target", "2"), "target", "3"), "target"), "2");
  EXPECT_FALSE(ReasonInfoOf(WithDetail(absl::InternalError("x"), "target", "2")).has_value());
}

TEST(Reason, OfAKindIsGivenWhereNoneSaysMore) {
  EXPECT_EQ(ReasonOf(WithReasonIfNone(absl::InvalidArgumentError("cut"), Reason::kDamagedFile)),
            Reason::kDamagedFile);
  EXPECT_EQ(ReasonOf(WithReasonIfNone(InvalidArgument(Reason::kEmptyMask, "x"), Reason::kDamagedFile)),
            Reason::kEmptyMask);
  EXPECT_EQ(ReasonOf(WithReasonIfNone(absl::ResourceExhaustedError("memory"), Reason::kDamagedFile)),
            Reason::kNone);
}

}  // namespace
}  // namespace sgpsam
