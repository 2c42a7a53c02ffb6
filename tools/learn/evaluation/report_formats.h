// Two ways to hand on what an evaluation found: a table to read and JSON for programs
// (score_csv.h has every lesion). Pure functions; thread-safe.
#ifndef SGPSAM_TOOLS_LEARN_EVALUATION_REPORT_FORMATS_H_
#define SGPSAM_TOOLS_LEARN_EVALUATION_REPORT_FORMATS_H_

#include <string>

#include "tools/learn/evaluation/evaluation_report.h"

namespace sgpsam {

// Lines of means and intervals, a column for each size; the best balls; what was refused, and why.
std::string ToTable(const EvaluationReport& report);

// One line, without a line break:
//
//     {"set": s, "dice": {"1": {"all": x, "lt5mm": x, "5to10mm": x, "ge10mm": x}, "3": …, "5": …},
//      "nsd": as "dice", "cases": n, "lesions": {"all": n, "lt5mm": n, "5to10mm": n, "ge10mm": n},
//      "dice_ci95": as "dice" with [low, high] for x, "nsd_ci95": the same,
//      "gates": [{"score": {"all": x, …}, "open_rate": {"all": x, …}}, …],
//      "added_clicks": {"clicks": n, "mean": x, "worst_hundredth": x} or null,
//      "confidence": [{"masks": n, "said": x, "dice": x}, …],
//      "ball": {"radius_mm": x, "dice": {"all": x, …}, "by_size": {"all": {"radius_mm": x, "dice": x}, …}},
//      "bootstrap": {"confidence": 0.95, "resamples": n, "seed": n}, "clicks": s,
//      "model": {"name": s, "version": s, "weights_sha256": s, "precision": s},
//      "refused": {"clicks": n, "lesions_without_mask": {"1": {"all": n, …}, "3": …, "5": …},
//                  "reasons": {"EMPTY_MASK": {"clicks": n, "lesions": n}, …}},
//      "min_voxels": n, "below_min_voxels": n, "passed_over": [{"case": s, "reason": s}, …]}
//
// A size without lesions has null, and so has an unknown model.
// The number after "_ci" is the confidence in per cent.
std::string ToJson(const EvaluationReport& report);

}  // namespace sgpsam

#endif  // SGPSAM_TOOLS_LEARN_EVALUATION_REPORT_FORMATS_H_
