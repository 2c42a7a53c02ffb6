// The three ways to hand on what an evaluation found: a table to read, CSV with every lesion, JSON for
// programs. Pure functions; thread-safe.
#ifndef SGPSAM_TOOLS_LEARN_EVALUATION_REPORT_FORMATS_H_
#define SGPSAM_TOOLS_LEARN_EVALUATION_REPORT_FORMATS_H_

#include <string>

#include "absl/types/span.h"
#include "tools/learn/evaluation/evaluation_report.h"

namespace sgpsam {

// Lines of means and intervals, a column for each size.
std::string ToTable(const EvaluationReport& report);

// A header and a line per lesion, RFC 4180; "gate1", "gate1_open" and so on for the most modules of any
// lesion.
std::string ToCsv(absl::Span<const LesionScores> lesions);

// One line, without a line break:
//
//     {"dice": {"1": {"all": x, "lt5mm": x, "5to10mm": x, "ge10mm": x}, "3": …, "5": …}, "nsd": as "dice",
//      "cases": n, "lesions": {"all": n, "lt5mm": n, "5to10mm": n, "ge10mm": n},
//      "dice_ci95": as "dice" with [low, high] for x, "nsd_ci95": the same,
//      "gates": [{"score": {"all": x, …}, "open_rate": {"all": x, …}}, …],
//      "bootstrap": {"confidence": 0.95, "resamples": n, "seed": n},
//      "model": {"name": s, "version": s, "weights_sha256": s, "precision": s}, "refused_clicks": n,
//      "passed_over": [{"case": s, "reason": s}, …]}
//
// A size without lesions has null, and so has an unknown model. The number after "_ci" is the confidence in per cent.
std::string ToJson(const EvaluationReport& report);

}  // namespace sgpsam

#endif  // SGPSAM_TOOLS_LEARN_EVALUATION_REPORT_FORMATS_H_
