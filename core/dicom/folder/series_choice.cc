#include "core/dicom/folder/series_choice.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace sgpsam {
namespace {

constexpr absl::string_view kOtherSeries = "of another series";

absl::string_view KindName(FileKind kind) {
  switch (kind) {
    case FileKind::kImage: return "image";
    case FileKind::kUnreadable: return "unreadable file";
    case FileKind::kSegmentation: return "segmentation";
    case FileKind::kStructuredReport: return "structured report";
    case FileKind::kKeyObjectSelection: return "key object selection";
    case FileKind::kPresentationState: return "presentation state";
    case FileKind::kRtObject: return "radiotherapy object";
    case FileKind::kDocument: return "encapsulated document";
    case FileKind::kRegistration: return "registration";
    case FileKind::kSecondaryCapture: return "secondary capture";
    case FileKind::kDicomdir: return "media directory";
    case FileKind::kOther: return "other object";
    case FileKind::kNotDicom: break;
  }
  return "not DICOM";
}

std::string Counted(const PassedOver& some) {
  const bool noun = !absl::StartsWith(some.kind, "not ") && !absl::StartsWith(some.kind, "of ");
  if (some.files == 1 || !noun) return absl::StrCat(some.files, " ", some.kind);
  if (absl::EndsWith(some.kind, "y")) {
    return absl::StrCat(some.files, " ", some.kind.substr(0, some.kind.size() - 1), "ies");
  }
  return absl::StrCat(some.files, " ", some.kind, "s");
}

// In the order in which they turn up.
std::vector<FoundSeries> ListSeries(absl::Span<const FileSummary> files) {
  std::vector<FoundSeries> found;
  std::map<std::pair<std::string, std::string>, size_t> index;
  for (size_t n = 0; n < files.size(); ++n) {
    const FileSummary& file = files[n];
    if (file.kind != FileKind::kImage) continue;
    const auto [at, fresh] =
        index.try_emplace({file.study_instance_uid, file.series_instance_uid}, found.size());
    if (fresh) {
      found.push_back({file.study_instance_uid,
                       file.series_instance_uid,
                       file.series_number,
                       file.series_description,
                       file.modality,
                       {},
                       true});
    }
    FoundSeries& series = found[at->second];
    series.files.push_back(n);
    series.localizer = series.localizer && file.localizer;
  }
  return found;
}

// By number only where it says one series.
std::vector<size_t> Wanted(const std::vector<FoundSeries>& found, absl::string_view wanted) {
  std::vector<size_t> by_uid, by_number;
  int number = 0;
  const bool is_number = absl::SimpleAtoi(wanted, &number);
  for (size_t s = 0; s < found.size(); ++s) {
    if (found[s].series_instance_uid == wanted) by_uid.push_back(s);
    int own = 0;
    if (is_number && absl::SimpleAtoi(found[s].number, &own) && own == number) by_number.push_back(s);
  }
  return by_uid.empty() ? by_number : by_uid;
}

std::vector<size_t> Unasked(const std::vector<FoundSeries>& found) {
  std::vector<size_t> images, localizers;
  for (size_t s = 0; s < found.size(); ++s) (found[s].localizer ? localizers : images).push_back(s);
  return images.empty() ? localizers : images;
}

// Whether a file that could not be read belongs elsewhere: why it is passed over, empty where it may be a
// slice of the chosen series.
absl::string_view WhyElsewhere(const FileSummary& unreadable, absl::Span<const FileSummary> files,
                               const std::vector<size_t>& chosen) {
  if (chosen.empty()) return {};
  const std::string& series = files[chosen[0]].series_instance_uid;
  if (!unreadable.series_instance_uid.empty() && !series.empty()) {
    return unreadable.series_instance_uid == series ? absl::string_view() : kOtherSeries;
  }
  if (unreadable.sop_class_uid.empty()) return {};
  const bool may_be = std::any_of(chosen.begin(), chosen.end(), [&](size_t n) {
    return files[n].sop_class_uid.empty() || files[n].sop_class_uid == unreadable.sop_class_uid;
  });
  return may_be ? absl::string_view() : KindName(FileKind::kOther);
}

// A series that was named and has no readable image: its unreadable files, whose errors say more than that it
// is not there. Nothing else is taken for it.
void TakeNamed(absl::Span<const FileSummary> files, absl::string_view wanted,
               const std::vector<FoundSeries>& found, SeriesChoice& choice) {
  for (const FoundSeries& series : found)
    AddPassedOver(kOtherSeries, series.files.size(), choice.passed_over);
  for (size_t n = 0; n < files.size(); ++n) {
    if (files[n].kind != FileKind::kUnreadable) continue;
    if (files[n].series_instance_uid == wanted) {
      choice.files.push_back(n);
    } else {
      AddPassedOver(KindName(FileKind::kUnreadable), 1, choice.passed_over);
    }
  }
}

}  // namespace

void AddPassedOver(absl::string_view kind, size_t files, std::vector<PassedOver>& passed_over) {
  if (files == 0) return;
  const auto same = std::find_if(passed_over.begin(), passed_over.end(),
                                 [&](const PassedOver& some) { return some.kind == kind; });
  if (same != passed_over.end()) {
    same->files += files;
  } else {
    passed_over.push_back({std::string(kind), files});
  }
}

std::string CountedKinds(absl::Span<const PassedOver> passed_over) {
  return absl::StrJoin(passed_over, ", ",
                       [](std::string* out, const PassedOver& some) { absl::StrAppend(out, Counted(some)); });
}

std::string DescribePassedOver(absl::Span<const PassedOver> passed_over) {
  size_t files = 0;
  for (const PassedOver& some : passed_over) files += some.files;
  if (files == 0) return "";
  return absl::StrCat(files, files == 1 ? " file" : " files", " passed over: ", CountedKinds(passed_over));
}

SeriesChoice ChooseSeries(absl::Span<const FileSummary> files, absl::string_view wanted) {
  std::vector<FoundSeries> found = ListSeries(files);
  std::vector<size_t> chosen = wanted.empty() ? Unasked(found) : Wanted(found, wanted);
  SeriesChoice choice;
  for (const FileSummary& file : files) {
    const bool candidate = file.kind == FileKind::kImage || file.kind == FileKind::kUnreadable;
    if (!candidate) AddPassedOver(KindName(file.kind), 1, choice.passed_over);
  }
  if (chosen.size() > 1) {
    for (const size_t s : chosen) choice.undecided.push_back(std::move(found[s]));
    return choice;
  }
  if (chosen.empty() && !wanted.empty()) {
    TakeNamed(files, wanted, found, choice);
    return choice;
  }
  for (size_t s = 0; s < found.size(); ++s) {
    if (!chosen.empty() && s == chosen[0]) {
      choice.files = std::move(found[s].files);
    } else {
      AddPassedOver(found[s].localizer ? kLocalizers : kOtherSeries, found[s].files.size(),
                    choice.passed_over);
    }
  }
  const std::vector<size_t> images = choice.files;
  for (size_t n = 0; n < files.size(); ++n) {
    if (files[n].kind != FileKind::kUnreadable) continue;
    const absl::string_view why = WhyElsewhere(files[n], files, images);
    if (why.empty()) {
      choice.files.push_back(n);
    } else {
      AddPassedOver(why, 1, choice.passed_over);
    }
  }
  std::sort(choice.files.begin(), choice.files.end());
  return choice;
}

}  // namespace sgpsam
