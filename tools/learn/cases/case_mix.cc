#include "tools/learn/cases/case_mix.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"

namespace sgpsam {

CaseMix::CaseMix(std::vector<CaseSet> sets) : sets_(std::move(sets)) {
  int64_t end = 0;
  for (const CaseSet& set : sets_) {
    end += set.cases->size();
    ends_.push_back(end);
    if (set.cases->size() > 0) weights_ += set.weight;
  }
}

CaseMix::Place CaseMix::PlaceOf(int64_t index) const {
  const auto set = static_cast<size_t>(std::upper_bound(ends_.begin(), ends_.end(), index) - ends_.begin());
  return {set, index - FirstOf(set)};
}

std::string CaseMix::id(int64_t index) const {
  const Place place = PlaceOf(index);
  const CaseSet& set = sets_[place.set];
  const std::string id = set.cases->id(place.index);
  return sets_.size() == 1 ? id : absl::StrCat(set.name, "/", id);
}

absl::StatusOr<Case> CaseMix::Read(int64_t index) const {
  if (index < 0 || index >= size()) return absl::OutOfRangeError("no such case");
  const Place place = PlaceOf(index);
  ASSIGN_OR_RETURN(Case read, sets_[place.set].cases->Read(place.index));
  read.id = id(index);
  return read;
}

int64_t CaseMix::Draw(Random& random) const {
  if (sets_.size() == 1) return sets_[0].cases->Draw(random);
  double left = random.Uniform() * weights_;
  size_t chosen = sets_.size();
  for (size_t set = 0; set < sets_.size(); ++set) {
    if (sets_[set].cases->size() == 0) continue;
    chosen = set;
    left -= sets_[set].weight;
    if (left < 0) break;
  }
  return FirstOf(chosen) + sets_[chosen].cases->Draw(random);
}

}  // namespace sgpsam
